"""What people write for a place in S3 is told with how costwatch wants it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from collectors.aws.spellings import meant_location
from collectors.exports import Exports
from tests.made.command_line import Costwatch, configure

MEANT = {
    "an ARN": ("arn:aws:s3:::bills/cur", "s3://bills/cur"),
    "an ARN of China": ("arn:aws-cn:s3:::bills/cur/", "s3://bills/cur"),
    "a bucket's host": ("https://bills.s3.eu-west-1.amazonaws.com/cur", "s3://bills/cur"),
    "a bucket's old host": ("https://bills.s3.amazonaws.com/cur", "s3://bills/cur"),
    "a path": ("https://s3.eu-west-1.amazonaws.com/bills/my%20cur/", "s3://bills/my cur"),
    "the console": (
        "https://eu-west-1.console.aws.amazon.com/s3/buckets/bills?region=eu-west-1&prefix=cur/a/",
        "s3://bills/cur/a",
    ),
    "another program's scheme": ("s3a://bills/cur", "s3://bills/cur"),
    "capitals": ("S3://bills/cur", "s3://bills/cur"),
    "another host": ("https://bills.example/cur", ""),
    "another host that pretends": ("https://s3.amazonaws.com.evil.example/bills", ""),
    "another cloud": ("gs://bills/cur", ""),
    "a file's URL": ("file:///srv/bills", ""),
    "an ARN of nothing": ("arn:aws:s3:::", ""),
    "what is right": ("s3://bills/cur", None),
    "a folder": ("bills/2026", None),
    "a folder of Windows": ("C:\\bills", None),
    "a folder with a colon": ("./arn:aws:s3:::bills", None),
}


@pytest.mark.parametrize(("location", "meant"), MEANT.values(), ids=MEANT)
def test_what_is_meant(location: str, meant: str | None) -> None:
    assert meant_location(location) == meant
    if meant is None:
        assert Exports(name="aws", location=location).location == location
    else:
        with pytest.raises(ValidationError, match="did you mean" if meant else "name a folder"):
            Exports(name="aws", location=location)


def test_check_says_so_by_line(tmp_path: Path, costwatch: Costwatch) -> None:
    configure(tmp_path, 'sources:\n  - {name: aws, kind: exports, location: "arn:aws:s3:::b/p"}\n')
    answer = costwatch("-c", tmp_path / "costwatch.yaml", "check")
    assert answer.code == 2
    assert "costwatch.yaml:2: " in answer.out + answer.err
    assert "did you mean s3://b/p?" in answer.out + answer.err
