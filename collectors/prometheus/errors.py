"""What can go wrong with a question. Light: whoever asks may tell these apart before anything is imported."""

from costwatch.errors import SourceError


class AskError(SourceError):
    """A request that failed.

    may_pass: the same may succeed a little later. is_of_query: the server answers, and refuses this very
    query; it may well answer another one.
    """

    def __init__(self, message: str, *, may_pass: bool = False, is_of_query: bool = False) -> None:
        super().__init__(message)
        self.may_pass, self.is_of_query = may_pass, is_of_query


class TooMuchError(AskError):
    """The answer would be, or is, too large: a smaller question may do."""
