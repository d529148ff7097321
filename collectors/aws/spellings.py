"""How people name a place in S3 besides ``s3://bucket/prefix``: by its ARN, or as a browser shows it."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

_ARN = re.compile(r"arn:aws[a-z-]*:s3:[^:]*:[^:]*:(?P<path>.*)", re.IGNORECASE)
_HOSTED = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]*)\.s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?", re.IGNORECASE
)
_BY_PATH = re.compile(r"s3[.-]([a-z0-9-]+\.)*amazonaws\.com(\.cn)?", re.IGNORECASE)
_CONSOLE = re.compile(r"([a-z0-9-]+\.)*console\.(aws\.amazon\.com|amazonaws\.cn)", re.IGNORECASE)
_IN_CONSOLE = re.compile(r"/s3/(?:buckets|object)/(?P<bucket>[^/?]+)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


def meant_location(location: str) -> str | None:
    """The ``s3://…`` that ``location`` means; '' where it is an address of something else.

    None: it is none, so that it is ``s3://…`` already, or a folder.
    """
    if location.startswith("s3://"):
        return None
    if arn := _ARN.fullmatch(location):
        return _s3(arn["path"])
    if not _SCHEME.match(location):
        return None
    parts = urlsplit(location)
    host, path = parts.netloc, unquote(parts.path)
    if parts.scheme.lower() in ("s3", "s3a", "s3n"):
        return _s3(host + path)
    if hosted := _HOSTED.fullmatch(host):
        return _s3(hosted["bucket"] + path)
    if _BY_PATH.fullmatch(host):
        return _s3(path)
    if _CONSOLE.fullmatch(host) and (found := _IN_CONSOLE.match(path)):
        return _s3(f"{found['bucket']}/{''.join(parse_qs(parts.query).get('prefix', []))}")
    return ""


def _s3(path: str) -> str:
    return f"s3://{path.strip('/')}" if path.strip("/") else ""
