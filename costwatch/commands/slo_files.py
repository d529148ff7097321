"""``costwatch slo check`` and ``costwatch slo export``: what the files of SLOs say."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import complain, line, print_json, print_table
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.slo.objectives import Objective, Period

_NAMED = 3  # a note on more is told with one of them
_NOTHING = "no SLO is named; add 'slos' with their files to costwatch.yaml, or see `costwatch presets list`"


@click.command("check", cls=Command)
@json_option
@pass_context
def check(context: Context, as_json: bool) -> int:
    """List what the files under slos of costwatch.yaml say, with their mistakes.

    form: counter counts events and gauge samples, exactly; other and ratio are approximate.
    Mistakes are told as file:line: what is wrong; what to do; a file with one is not read at all, and 2 is
    returned. Notes tell what of a file is not done. Reads nothing else and changes nothing.

    \b
    Example: costwatch slo check
             costwatch slo check --json | jq -r '.slos[] | select(.team == "") | .id'
    """
    config = context.config
    loaded, notes = config.loaded_slos, [*config.loaded_slos.notes, *_unasked(context)]
    if as_json:
        slos = [_row(one) for one in loaded.objectives]
        print_json({"slos": slos, "mistakes": list(loaded.mistakes), "notes": notes})
    else:
        _print(loaded.objectives)
        for note in notes:
            complain(note)
        for mistake in loaded.mistakes:
            line(mistake, err=True)
        if not config.slos:
            complain(_NOTHING)
    return UsageError.exit_code if loaded.mistakes else 0


@click.command("export", cls=Command)
@click.option("--to", type=click.Choice(["prometheus"]), required=True, help="What for.")
@click.option(
    "--sloth-default", is_flag=True, help="The whole period as Sloth has it: every 5 minutes weigh the same."
)
@click.argument("names", metavar="[SLO]...", nargs=-1)
@pass_context
def export(context: Context, to: str, sloth_default: bool, names: tuple[str, ...]) -> None:
    """Write the SLOs as rules for Prometheus, with Sloth's names, labels and windows.

    All of them, or those named by name or id. In the rule of the whole period every event weighs the same,
    unless --sloth-default asks for Sloth's own. What rules cannot say is told on stderr.

    \b
    Example: costwatch slo export --to prometheus > slo-rules.yml && promtool check rules slo-rules.yml
    """
    from costwatch.config.quote import instead, quoted
    from costwatch.slo.export import prometheus_rules

    known = context.config.objectives
    if not known:
        raise UsageError(f"slo export: {_NOTHING}")
    all_names = {name for one in known for name in (one.id, one.name)}
    for name in names:
        if name not in all_names:
            raise UsageError(f"slo export: no SLO is called {quoted(name)}{instead(name, all_names)}")
    rules = prometheus_rules(
        (one for one in known if not names or {one.id, one.name} & set(names)), sloth_default=sloth_default
    )
    for note in rules.notes:
        complain(note)
    click.echo(rules.as_yaml(), nl=False)


def _unasked(context: Context) -> list[str]:
    """What no source measures."""
    from costwatch.config.slos.asking import asks_slos, not_asked_once

    config = context.config
    known = config.loaded_slos.objectives
    if known and not any(map(asks_slos, config.sources)):
        return ["no source of kind 'slo' measures them; add one to the sources of costwatch.yaml"]
    return [text for _, text in not_asked_once(config.sources, known)]


def _print(known: "tuple[Objective, ...]") -> None:
    rows = [
        (one.id, _form(one), _percent(one), _window(one.period), one.method.value, one.team, one.system)
        for one in known
    ]
    if rows:
        print_table(("id", "form", "objective", "window", "budget of", "team", "system"), rows)
    of_note: dict[str, list[str]] = defaultdict(list)
    for one in known:
        for note in _notes(one):
            of_note[note].append(one.id)
    for note, ids in of_note.items():
        who = ", ".join(ids) if len(ids) <= _NAMED else f"{len(ids)} of them, such as {ids[0]}"
        line(f"{who}: {note}")


def _row(one: "Objective") -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "service": one.service,
        "team": one.team,
        "system": one.system,
        "objective": str(one.target),
        "window": _window(one.period),
        "form": _form(one),
        "budgetingMethod": one.method.value,
        "grouping": list(one.grouping),
        "spec": one.spec,
        "file": one.file,
        "line": one.line,
        "notes": _notes(one),
    }


def _notes(one: "Objective") -> list[str]:
    """What of its file is not done, and which burn rate windows make no sense for it."""
    from costwatch.slo.windows import burn_windows, unreachable

    if not (one.is_asked and (one.page or one.ticket)):
        return list(one.notes)
    windows, left_out = burn_windows(one.period.duration)
    return [*one.notes, *left_out, *unreachable(windows, one.target)]


def _form(one: "Objective") -> str:
    return one.indicator.form.value if one.is_asked else "unknown"


def _percent(one: "Objective") -> str:
    return f"{(one.target * 100).normalize():f} %"


def _window(period: "Period") -> str:
    from costwatch.wording import span

    if period.is_rolling:
        return span(period.duration)
    length = (
        f"{period.months} months"
        if period.months > 1
        else "month"
        if period.months
        else span(period.duration)
    )
    return f"calendar {length} of {period.zone}"
