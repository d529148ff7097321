"""What a statement of a measure may be: told before the server is asked, which is read-only besides."""

import re

# As SQLAlchemy finds them, in quotes too.
_BOUND = re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])")
# Texts, quoted names and comments; a quote is doubled or, in MySQL, behind a backslash.
_OPAQUE = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_BEGINS = re.compile(r"[\s(]*(select|with)\b", re.IGNORECASE)
_WRITES = re.compile(r"\binto\b|\bfor\s+(?:no\s+key\s+)?(?:update|share)\b|\block\s+in\b", re.IGNORECASE)


def checked(statement: str) -> str:
    """The statement without a ``;`` at its end. Raises ValueError for one that is no read of a day."""
    statement = statement.strip().removesuffix(";").rstrip()
    bare = _OPAQUE.sub(" ", statement)
    if "/*!" in statement:
        raise ValueError("must not hold /*! … */, which MySQL executes")
    if ";" in bare:
        raise ValueError("must be one statement, without ;")
    if not _BEGINS.match(bare):
        raise ValueError("must be a read that begins with SELECT or WITH")
    if found := _WRITES.search(bare):
        raise ValueError(f"must only read: leave {found[0].upper()} out")
    bound = set(_BOUND.findall(statement))
    if strange := sorted(bound - {"start", "end"}):
        raise ValueError(
            f"binds :{strange[0]}, while there are only :start and :end; a colon that is meant is written \\:"
        )
    if not bound:
        raise ValueError("must say which day by :start and :end, such as: at >= :start AND at < :end")
    return statement
