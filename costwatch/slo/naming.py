"""Which objectives a rule means, and whether there are such. Pure."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from costwatch.plugins import PluginContext, unknown_name
from costwatch.slo.rule_facts import is_named, plain_name


def _in_a_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _are_there(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Refuse a name that no objective of the configuration has; of a program's own rule nothing is known."""
    context = info.context
    if not isinstance(context, PluginContext) or context.slos is None:
        return names
    for name in names:
        if not any(is_named(slo, [name]) for slo in context.slos):
            if not context.slos:
                raise ValueError("can never fire: no objective is named; name files of them under 'slos'")
            known = {*context.slos, *map(plain_name, context.slos)}
            raise ValueError(unknown_name(f"no SLO is called '{name}'", name, known))
    return names


# ``*``, ids, names, or patterns of them.
Chosen = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    BeforeValidator(_in_a_tuple),
    AfterValidator(_are_there),
]
