"""Speaking to AWS: whose credentials, how long to wait, and its refusals in our words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from costwatch.errors import SourceError

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

_CONNECT_TIMEOUT_SECONDS = 10
_READ_TIMEOUT_SECONDS = 60
_ATTEMPTS = 5  # of each request; botocore waits longer before each, up to 20 seconds, and not evenly


def limits() -> "Config":
    """Timeouts and retries for every client."""
    from botocore.config import Config

    return Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )


def session(where: str, *, region: str, profile: str, role_arn: str, external_id: str) -> "boto3.Session":
    """A session, by an assumed role if one is named; empty texts mean what the AWS chain says.

    Raises SourceError, which begins with ``where`` or the role.
    """
    import boto3
    from botocore.exceptions import BotoCoreError

    with explained(role_arn or where, allow="sts:AssumeRole"):
        try:
            found = boto3.Session(profile_name=profile or None, region_name=region or None)
        except BotoCoreError as error:
            raise SourceError(f"{where}: {error}; check profile, region and the network") from None
        if not role_arn:
            return found
        asked = {"ExternalId": external_id} if external_id else {}
        answer = found.client("sts", config=limits()).assume_role(
            RoleArn=role_arn, RoleSessionName="costwatch", **asked
        )["Credentials"]
    return boto3.Session(
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
        region_name=region or None,
    )


@contextmanager
def explained(where: str, *, allow: str, advice: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turn what AWS and the network refuse inside the block into a SourceError.

    where: what its message begins with. allow: the rights to give where access is denied. advice: what to
    do about other error codes.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        what_to_do = (advice or {}).get(code) or _advice(code, allow)
        raise SourceError(f"{where}: AWS says {code}; {what_to_do}") from None
    except BotoCoreError as error:
        raise SourceError(f"{where}: {error}; check the network, the region and the credentials") from None


def _advice(code: str, allow: str) -> str:
    if "Expired" in code or code in _NO_CREDENTIALS:
        return "renew the credentials"
    if "AccessDenied" in code or code == "403":
        return f"allow {allow}"
    return "run it again later"


_NO_CREDENTIALS = (
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
