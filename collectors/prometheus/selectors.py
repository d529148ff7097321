"""How labels and their values are written in PromQL."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


_IS_NONE = "must be a label of Prometheus: letters, digits and _"


def _is_a_label(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise ValueError(_IS_NONE)
    return label


def _are_labels(match: Mapping[str, str]) -> Mapping[str, str]:
    for label in match:
        if not _LABEL.fullmatch(label):
            raise ValueError(f"'{label[:60]}' {_IS_NONE}")
    return match


Label = Annotated[str, AfterValidator(_is_a_label)]
Match = Annotated[Mapping[str, str], AfterValidator(_are_labels)]  # label -> the value that series must have


def quoted(text: str) -> str:
    """A string of PromQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def matchers(match: Mapping[str, str]) -> list[str]:
    """``cluster="prod"`` and the like, to stand between braces."""
    return [f"{label}={quoted(value)}" for label, value in match.items()]
