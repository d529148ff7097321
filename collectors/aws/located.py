"""What collectors of files have in common: where their files lie, and how to get there."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationInfo, field_validator

from collectors.aws.spellings import meant_location
from costwatch.plugins import CollectorSettings, PluginContext

if TYPE_CHECKING:
    from collectors.aws.places import Place


class Located(CollectorSettings):
    """A local folder or file, or what is below ``s3://bucket/prefix``.

    location: relative to the file that names it. region, profile, role_arn, external_id: how to reach AWS;
    left out, the usual AWS chain decides.
    """

    location: str
    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""

    @field_validator("location")
    @classmethod
    def _beside_the_file(cls, location: str, info: ValidationInfo) -> str:
        """A relative folder is relative to the file that names it."""
        if (meant := meant_location(location)) is not None:
            advice = f"did you mean {meant}?" if meant else "name a folder, or s3://bucket/prefix"
            raise ValueError(f"{location!r} is neither a folder nor s3://bucket/prefix; {advice}")
        if location.startswith("s3://") or not isinstance(info.context, PluginContext):
            return location
        return str(info.context.folder / Path(location).expanduser())

    def place(self) -> "Place":
        """Where the files are."""
        from collectors.aws.places import LocalFolder, s3_place  # most commands read no file of a source

        if not self.location.startswith("s3://"):
            return LocalFolder(Path(self.location))
        return s3_place(
            self.location,
            region=self.region,
            profile=self.profile,
            role_arn=self.role_arn,
            external_id=self.external_id,
        )
