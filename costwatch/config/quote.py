"""A user's own words in our sentences: on one line, cut short, and never a secret."""

import re
from collections.abc import Iterable

_LONGEST = 60
_SECRET_KEY = re.compile(r"token|secret|passw|webhook|credential|private|api_?key|signature", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"xox[a-z]-\w|xapp-\w|hooks\.slack\.com/\w|-----BEGIN |\bgh[a-z]_\w{20}|://[^/\s:@]*:[^/\s@$]+@"
)


def quoted(text: object) -> str:
    """``'the text'``, or ``(not shown)`` for what looks like a secret."""
    line = " ".join(str(text).split())
    if looks_secret(line):
        return "(not shown)"
    return f"'{line if len(line) <= _LONGEST else line[:_LONGEST] + '…'}'"


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a token, a webhook's URL, a private key or a URL with a password."""
    return _SECRET_TEXT.search(text) is not None


def is_secret_key(key: object) -> bool:
    """Whether what stands under a key of this name may be a secret."""
    return _SECRET_KEY.search(str(key)) is not None


def instead(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'this'?``, or else all that is known."""
    import difflib

    names = {name.lower(): name for name in sorted(known)}
    if close := difflib.get_close_matches(word[:_LONGEST].lower(), names, 1):
        return f"; did you mean '{names[close[0]]}'?"
    return f"; known here: {', '.join(sorted(names.values()))}" if names else "; none is known here"
