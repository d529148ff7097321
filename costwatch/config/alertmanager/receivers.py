"""Receivers of an ``alertmanager.yml``, as ``alerts.yaml`` has them: one kind each, secrets by reference."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from costwatch.config.quote import quoted
from costwatch.config.tree import Mistakes, Node, Place, Tree

_CHANNEL = re.compile(r"[CGD][A-Z0-9]{8,}", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>,;{}]+@[^\s@<>,;{}]+")
_NO_CHANNEL = "C0000000000"
_NOT_SAID = "costwatch@example.com"
_GLOBAL = (
    *("smtp_smarthost", "smtp_from", "smtp_auth_username", "smtp_auth_password", "smtp_auth_password_file"),
    *("smtp_require_tls", "slack_api_url", "slack_api_url_file", "pagerduty_url", "resolve_timeout"),
)
# What each kind is made of; all else of it is told not to be taken over.
_TAKEN = {
    "slack": ("channel", "api_url", "api_url_file", "send_resolved"),
    "webhook": ("url", "url_file", "send_resolved", "max_alerts"),
    "pagerduty": ("routing_key", "routing_key_file", "url", "send_resolved"),
    "email": (
        *("to", "from", "smarthost", "auth_username", "auth_password", "auth_password_file"),
        *("require_tls", "send_resolved"),
    ),
}

Entry = Mapping[str, Node]


class Receivers:
    """Those of one file. One that tells several things is several here: ``name``, ``name-2``, …"""

    def __init__(self, tree: Tree, remarks: Mistakes) -> None:
        self._tree, self._remarks = tree, remarks
        self._names: dict[str, list[str]] = {}
        self._silent: set[str] = set()
        self.made: list[dict[str, Any]] = []
        top = tree.at(("global",))
        self._defaults: Entry = top if isinstance(top, dict) else {}
        for key in self._defaults:
            if key not in _GLOBAL:
                remarks.add(
                    tree.line(("global", key)), f"'{key}' is not taken over; costwatch has nothing like it"
                )
        entries = [*tree.entries(("receivers",))]
        self._taken = {str(entry.get("name")) for _, entry in entries}
        for place, entry in entries:
            if isinstance(name := entry.get("name"), str) and name and name not in self._names:
                self._take(place, name, entry)

    def names(self, receiver: str) -> list[str]:
        """What a receiver is called here, each of what it was made to; none: it is not there."""
        return self._names.get(receiver, [])

    def is_silent(self, receiver: str) -> bool:
        """Whether it tells nobody."""
        return receiver in self._silent

    def _take(self, place: Place, name: str, entry: Entry) -> None:
        made = [*self._configs(place, name, entry)]
        if not any(key.endswith("_configs") and value for key, value in entry.items()):
            self._silent.add(name)
        if not made:
            if name not in self._silent:
                self._remarks.add(
                    self._tree.line(place), f"receiver {quoted(name)} writes to stdout now; give it a kind"
                )
            made = [{"kind": "stdout"}]
        names = [name, *(self._free(name, number) for number in range(2, len(made) + 1))]
        self._names[name] = names
        self.made += [{"name": each, **settings} for each, settings in zip(names, made, strict=True)]

    def _free(self, name: str, number: int) -> str:
        while (free := f"{name}-{number}") in self._taken:
            number += 1
        self._taken.add(free)
        return free

    def _configs(self, place: Place, name: str, entry: Entry) -> Iterator[dict[str, Any]]:
        makers: dict[str, Callable[[Place, str, Entry], dict[str, Any]]] = {
            "slack": self._slack,
            "webhook": self._webhook,
            "pagerduty": self._pagerduty,
            "email": self._email,
        }
        for key in entry:
            kind = key.removesuffix("_configs")
            if key != "name" and kind not in makers:
                self._add((*place, key), f"'{key}' is not taken over; no kind of receiver here is like it")
        for kind, make in makers.items():
            for number, (here, config) in enumerate(self._tree.entries((*place, f"{kind}_configs")), start=1):
                for key in config.keys() - {*_TAKEN[kind]}:
                    self._add(
                        (*here, key),
                        f"'{key}' of {kind} is not taken over; costwatch writes messages by itself",
                    )
                suffix = "" if number == 1 else f"_{number}"
                if settings := make(here, f"{_variable(name)}{suffix}", config):
                    yield {"kind": kind, **settings}

    def _slack(self, place: Place, name: str, config: Entry) -> dict[str, Any]:
        channel = str(config.get("channel") or "").removeprefix("#")
        token = f"${{env:SLACK_BOT_TOKEN_{name}}}"
        self._add(place, f"Slack is told by a bot, not by a webhook: put its token where {token} finds it")
        if not _CHANNEL.fullmatch(channel):
            what = f"write the id of channel {quoted(channel)} in place of {_NO_CHANNEL}"
            self._add((*place, "channel"), f"{what}; Slack shows it below the channel's details")
            channel = _NO_CHANNEL
        self._resolved(place, config)
        return {"channel": channel, "token": token}

    def _webhook(self, place: Place, name: str, config: Entry) -> dict[str, Any]:
        made: dict[str, Any] = {"url": self._secret(place, config, "url", f"WEBHOOK_URL_{name}")}
        if re.fullmatch(r"[0-9]{1,9}", most := str(config.get("max_alerts"))):
            made["max_alerts"] = int(most)
        if str(config.get("send_resolved")).lower() == "false":
            made["send_resolved"] = False
        return made

    def _pagerduty(self, place: Place, name: str, config: Entry) -> dict[str, Any]:
        made = {"routing_key": self._secret(place, config, "routing_key", f"PAGERDUTY_ROUTING_KEY_{name}")}
        self._resolved(place, config)
        url = config.get("url") or self._defaults.get("pagerduty_url")
        if isinstance(url, str) and url.startswith("https://") and "@" not in url:
            made["url"] = url
        elif url:
            self._add(place, "its URL is not taken over; it must begin with https:// and hold no password")
        return made

    def _email(self, place: Place, name: str, config: Entry) -> dict[str, Any]:
        def given(key: str) -> str:
            return str(config.get(key) or self._defaults.get(f"smtp_{key}") or "")

        to = [text.strip() for text in str(config.get("to") or "").split(",")]
        host, _, port = given("smarthost").rpartition(":")
        if not host or not port.isdecimal() or not all(map(_ADDRESS.fullmatch, to)):
            self._add(
                place,
                "this mail is not taken over; it needs plain addresses and a smarthost such as host:587",
            )
            return {}
        sender = given("from")
        if not _ADDRESS.fullmatch(sender):
            self._add(place, f"write the address that mails come from in place of {_NOT_SAID}")
        if given("require_tls").lower() == "false":
            self._add(place, "mails are sent over TLS here; see that the server offers it")
        made: dict[str, Any] = {"host": host.strip("[]"), "port": int(port)}
        made["tls"] = "implicit" if port == "465" else "starttls"
        if user := given("auth_username"):
            of = {
                key: config.get(key) or self._defaults.get(f"smtp_{key}")
                for key in ("auth_password", "auth_password_file")
            }
            made |= {
                "user": user,
                "password": self._secret(place, of, "auth_password", f"SMTP_PASSWORD_{name}"),
            }
        self._resolved(place, config)
        return made | {"from": sender if _ADDRESS.fullmatch(sender) else _NOT_SAID, "to": to}

    def _secret(self, place: Place, config: Entry, key: str, variable: str) -> str:
        """A reference to it: the file it is in, or a variable that it is to be put into; never what it is."""
        if isinstance(file := config.get(f"{key}_file"), str) and not {"{", "}", "#"} & {*file}:
            return f"${{file:{file}}}"
        self._add(
            (*place, key), f"a secret is not copied: put this '{key}' where ${{env:{variable}}} finds it"
        )
        return f"${{env:{variable}}}"

    def _resolved(self, place: Place, config: Entry) -> None:
        if str(config.get("send_resolved")).lower() == "false":
            self._add((*place, "send_resolved"), "what is over is told here all the same")

    def _add(self, place: Place, text: str) -> None:
        self._remarks.add(self._tree.line(place), text)


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "ONE"
