"""The Slack app that costwatch speaks through: what it may do, and whether it may."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costwatch.errors import NotifyError
from costwatch.notify.slack.refusals import Refused

if TYPE_CHECKING:
    from costwatch.notify.slack.receiver import Slack

# To post and to correct; and to see whether a message arrived whose answer was lost, in public or
# private channels: https://docs.slack.dev/reference/scopes.
SCOPES = ("chat:write", "channels:history", "groups:history")
_HISTORY = ("channels:history", "groups:history")


def manifest() -> dict[str, Any]:
    """To create the app from at https://api.slack.com/apps.

    Made by each team for itself: only such apps may look into a channel often enough to find a lost message.
    https://docs.slack.dev/reference/app-manifest
    """
    return {
        "display_information": {
            "name": "costwatch",
            "description": "What the infrastructure costs, per team, and how reliably it runs.",
        },
        "features": {"bot_user": {"display_name": "costwatch", "always_online": False}},
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def missing_scopes(receiver: "Slack") -> Sequence[str]:
    """What a receiver's token may not do and should; of the two for looking, one is enough.

    Asks Slack. Raises NotifyError where the token is not accepted, or Slack cannot be reached.
    """
    try:
        answer = receiver.asked("auth_test")
    except Refused as refused:
        what = f"receiver '{receiver.name}': Slack does not accept its token ({refused.code})"
        raise NotifyError(f"{what}; put a valid one where 'token' points", permanent=True) from None
    given = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",")}
    may_look = bool(given.intersection(_HISTORY))
    return [scope for scope in SCOPES if scope not in given and not (scope in _HISTORY and may_look)]
