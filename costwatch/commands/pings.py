"""Dead-man pings: a monitor elsewhere hears when a step begins and how it ends, and misses what does not.

What is sent is what Healthchecks (https://healthchecks.io/docs/http_api/) and its like take: ``URL/start``,
``URL``, ``URL/fail``. No ping keeps a step from working, and none is sent twice.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec
from urllib.parse import urlsplit, urlunsplit

from costwatch.commands.output import complain, complaints
from costwatch.errors import BusyError, CostwatchError, UsageError, unexpected

if TYPE_CHECKING:
    from costwatch.commands.context import Context

_DEADLINE_SECONDS = 5
_BODY_BYTES = 10_000
_P = ParamSpec("_P")
_Step = Callable[Concatenate["Context", _P], int | None]


def pinged(step: str) -> Callable[[_Step[_P]], Callable[Concatenate["Context", _P], int]]:
    """For a command that is a step, which ``pings`` of costwatch.yaml may name; dry runs are none."""

    def decorated(command: _Step[_P]) -> Callable[Concatenate["Context", _P], int]:
        @wraps(command)
        def run(context: "Context", /, *arguments: _P.args, **options: _P.kwargs) -> int:
            url = "" if options.get("dry_run") else _url(context, step)
            if not url:
                return command(context, *arguments, **options) or 0
            _ping(step, url, "/start")
            with complaints() as told:
                try:
                    code = command(context, *arguments, **options) or 0
                except BusyError:  # whoever is at it tells how it ends
                    raise
                except BaseException as error:
                    _ping(step, url, "/fail", _text_of(error))
                    raise
            if code != BusyError.exit_code:
                _ping(step, url, "/fail" if code else "", "\n".join(told))
            return code

        return run

    return decorated


def _url(context: "Context", step: str) -> str:
    """Where to; '' where nobody wants to know, or that cannot be told."""
    from costwatch.commands.last_good import config_to_go_on_with
    from costwatch.secret import resolve

    try:
        reference = getattr(config_to_go_on_with(context).pings, step)
        return resolve(reference).strip() if reference else ""
    except UsageError:  # told by the step itself
        return ""
    except CostwatchError as error:
        complain(f"pings: {step}: {error}")
        return ""


def _text_of(error: BaseException) -> str:
    if isinstance(error, CostwatchError):
        return str(error)
    return unexpected(error) if isinstance(error, Exception) else "interrupted"


def _ping(step: str, url: str, end: str, text: str = "") -> None:
    """One, without another try; the URL is a secret, and is told nowhere."""
    from costwatch.plugins.transport import TransportError, post

    try:
        parts = urlsplit(url)
        where = urlunsplit(parts._replace(path=parts.path.rstrip("/") + end))
        body = text.encode("utf-8", "replace")[:_BODY_BYTES]
        status = post(where, body, {"Content-Type": "text/plain; charset=utf-8"}, _DEADLINE_SECONDS).status
        problem = "" if 200 <= status < 300 else f"answered with HTTP {status}; check its URL"
    except TransportError as error:
        problem = f"no answer ({error})"
    except ValueError:
        problem = "what its reference holds is no URL; correct it"
    if problem:
        complain(f"pings: {step}: {problem}; the step itself goes on")
