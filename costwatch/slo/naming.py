"""Which objectives a rule means, and whether there are such. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema

from costwatch.plugins import Duration, MatchedValues, PluginContext, RuleSettings, unknown_name
from costwatch.slo.rule_facts import is_named, plain_name
from costwatch.slo.standing import FRESH


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
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class SloRule(RuleSettings):
    """What rules about objectives share; their own manuals tell the keys."""

    slo: Chosen = ("*",)
    match: Mapping[str, MatchedValues] = Field(default_factory=dict)
    max_data_age: Duration = FRESH
    drivers: tuple[str, ...] = ()
    prometheus: str = ""

    def model_post_init(self, context: Any) -> None:
        """Keep how the file's Prometheus is reached, where the rule names none."""
        super().model_post_init(context)
        if isinstance(context, PluginContext) and not self.prometheus:
            object.__setattr__(self, "prometheus", context.prometheus)
