"""Which stored table answers a question of cost, and the SQL that asks it.

Days are summed by place (``bill.places``), and by team and service in ``cost_day``: whatever is asked for is
read from the smallest summary that is told by all of it. Only usage types are read from the facts. What
splits and dimensions told is read from those facts that have AllocatedTags, ``part_cost``; the rest of the
whole has none.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from costwatch.model import ALLOCATED, DIMENSIONS, NO_COST_CENTER, tag_key
from costwatch.warehouse import queries
from costwatch.warehouse.bill.places import PLACE, SUMMARIES, Carriers
from costwatch.warehouse.bill.sums import SUMMED, sums
from costwatch.warehouse.history import table_as_of

# The teams above a team are those of the charge's day.
_ABOVE = {
    "parent": "coalesce(m.x_Parent, t.name)",
    "cost_center": f"coalesce(m.x_CostCenter, '{NO_COST_CENTER}')",
}
ABOVE: Set[str] = _ABOVE.keys()
_CHAIN = "coalesce(m.chain, '/' || t.name || '/')"
_CARRIED = {
    "team": "t.name",
    "service": "v.name",
    "billing_period": "printf('%04d-%02d-%02d', c.period / 10000, c.period / 100 % 100, c.period % 100)",
    **_ABOVE,
}
_OF_SLICES = {name: column for name, column in DIMENSIONS.items() if name not in (*_CARRIED, *ALLOCATED)}
_OF_SLICES |= {"source": "source"}
_PLACED = {name: f"s.{column}" for name, column in _OF_SLICES.items()} | _CARRIED
_DAILY = {"currency": "c.BillingCurrency", "charge_kind": "c.x_ChargeKind"} | _CARRIED
_BY_BOTH = (True, True)
# Costs in two limbs: months of a small currency would overflow 64 bits of nanos.
_SUMS = f"{sums('c.', of=SUMMED[:2])}, SUM(c.line_count)"
_PERIODS = "SELECT period FROM day_line WHERE day >= :first AND day < :after"
_DAYS = """(SELECT DISTINCT period, day FROM day_line WHERE day >= :first AND day < :after) d
CROSS JOIN published p ON p.period = d.period
CROSS JOIN cost_day c ON c.period = d.period AND c.day = d.day"""
_REVISED_DAYS = """published p
CROSS JOIN cost_day_revision c ON c.period = p.period AND c.day >= :first AND c.day < :after"""


_TAGGED = "SELECT id FROM slice WHERE AllocatedTags <> ''"
# Of revisions; where nothing has AllocatedTags, no period is looked through.
_WITH_TAGS = {"known": f" WHERE EXISTS ({_TAGGED})", "within": f" AND slice IN ({_TAGGED})"}
_ALL_FACTS = {"known": "", "within": ""}


@dataclass(frozen=True, slots=True)
class CostTable:
    """What is read: ``columns`` of labels in SQL; of ``place_day`` one summary by its carriers."""

    name: str
    columns: Mapping[str, str]
    summary: str = ""
    carriers: Carriers = _BY_BOTH


FACTS = CostTable("team_cost", _PLACED)
PARTS = CostTable("part_cost", _PLACED)
_COST_DAY = CostTable("cost_day", _DAILY)


def table_for(asked: Set[str]) -> CostTable:
    """The smallest that knows all these labels of cost; keys of AllocatedTags are left out."""
    asked = {name for name in asked if tag_key(name) is None}
    carriers = (bool(asked & {"team", *ABOVE}), "service" in asked)
    if carriers == _BY_BOTH and asked <= _DAILY.keys():
        return _COST_DAY
    columns = {_OF_SLICES[name] for name in asked & _OF_SLICES.keys()}
    if "x_ChargeKind" in columns:  # it follows from both
        columns = columns - {"x_ChargeKind"} | {"ChargeCategory", "ChargeClass"}
    for summary in SUMMARIES:
        if carriers in summary.carriers and columns <= summary.columns:
            return CostTable("place_day", _PLACED, summary.name, carriers)
    if columns <= PLACE.columns:  # of one carrier only, by two places at once
        return CostTable("place_day", _PLACED, PLACE.name)
    return FACTS


def values(label: str) -> tuple[str, str] | None:
    """SQL for the values of a label in a window, and the summary to look in; None where it is summed.

    It binds ``first``, ``after`` and ``summary``.
    """
    table = table_for({label})
    if table == FACTS or tag_key(label) or label in ("billing_period", *ABOVE):
        return None
    named, carried = "place s", "c.team = 0 AND c.service = 0"
    if label == "team":
        named, carried = "team t", "c.team = t.id AND c.service = 0"
    elif label == "service":
        named, carried = "service v", "c.team = 0 AND c.service = v.id"
    within = "published p" if named == "place s" else "place s CROSS JOIN published p"
    column = table.columns[label]
    sql = queries.filled("cost_values", column=column, named=named, within=within, carried=carried)
    return sql, table.summary


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of cost: sums by ``grouped`` labels, and by day if ``per_day``."""

    grouped: Sequence[str]
    where: Mapping[str, Collection[str]]
    per_day: bool
    as_of: datetime | None

    def statements(self, table: CostTable) -> list[tuple[int, str]]:
        """SQL, each with the sign of what it answers: as of an instant, revisions since are to be taken off.

        It binds ``first`` and ``after``, ``summary``, ``as_of`` where that is asked, and ``parameters``.
        """
        if table in (FACTS, PARTS):
            return [(1, self._of_facts(table))]
        stored = self._filled(table, table.name)
        return [(1, stored), *([(-1, self._filled(table, f"{table.name}_revision"))] if self.as_of else [])]

    def is_summed(self, table: CostTable) -> bool:
        """Whether rows are sums in two limbs; else they are as they are stored, several of a group and day.

        To sum what is one row for each group and day, or little more, takes twice as long as to read it.
        """
        return not self.per_day or table in (FACTS, PARTS) or table.summary == PLACE.name

    @property
    def parameters(self) -> dict[str, str]:
        """The values of the filters, and the keys of AllocatedTags that are asked for."""
        tags = {self._parameter(name): tag_key(name) for name in self.tags}
        return {
            **{f"{name}_path": f'$."{key}"' for name, key in tags.items()},
            **{f"{name}_none": f"no {key}" for name, key in tags.items()},
            **{
                key: value
                for name, accepted in self.where.items()
                for key, value in zip(self._keys(name), accepted, strict=True)
            },
        }

    def without_tags(self) -> "Question | None":
        """The same of all cost, whatever its AllocatedTags; None where some filter wants a key of them."""
        if any(
            f"no {tag_key(name)}" not in self.where.get(name, (f"no {tag_key(name)}",)) for name in self.tags
        ):
            return None
        where = {name: accepted for name, accepted in self.where.items() if name not in self.tags}
        return replace(self, grouped=[name for name in self.grouped if name not in self.tags], where=where)

    def _of_facts(self, table: CostTable) -> str:
        parts = self.parts(table)
        parts |= {"facts": table.name, "joins": self.above(table)}
        if self.as_of is None:
            return queries.filled("cost_by_slice", **parts)
        return queries.filled("cost_as_of", **parts, **(_WITH_TAGS if table == PARTS else _ALL_FACTS))

    def _filled(self, table: CostTable, name: str) -> str:
        since = " AND c.known_at > :as_of" if name != table.name else ""
        parts = self.parts(table)
        if self.as_of:
            parts["conditions"] += f" AND p.first_known_at <= :as_of{since}"
        grouping, is_summed = parts.pop("grouping"), self.is_summed(table)
        parts |= {
            "amounts": _SUMS if is_summed else ", ".join(f"c.{name}" for name in SUMMED),
            "joins": self._names(table) + self.above(table),
            "order": f"GROUP BY {grouping} ORDER BY {grouping}" if is_summed else "",
        }
        if table.summary:
            periods = "SELECT period FROM published" if since else _PERIODS
            carried = self._carried(table)
            return queries.filled("cost_by_place", **parts, table=name, periods=periods, carried=carried)
        days = _REVISED_DAYS if since else _DAYS
        if "service" in self.where and "team" not in self.where:  # so that a service's rows are found, too
            parts["conditions"] += " AND c.team IN (SELECT id FROM team)"
        return queries.filled("cost_by_team", **parts, days=days)

    def parts(self, table: CostTable) -> dict[str, str]:
        """The columns, conditions and grouping of a query of ``table``."""
        grouping = [self._column(table, name) for name in self.grouped]
        fields = [f'{column} AS "{name}",' for name, column in zip(self.grouped, grouping, strict=True)]
        if self.per_day:
            fields, grouping = [*fields, "c.day AS day,"], [*grouping, "c.day"]
        conditions = ["1", *(self._condition(table, name) for name in self.where)]
        return {
            "columns": " ".join(fields),
            "conditions": " AND ".join(conditions),
            "grouping": ", ".join(grouping),
        }

    def _condition(self, table: CostTable, name: str) -> str:
        keys = [f":{key}" for key in self._keys(name)]
        if name == "parent":  # at any level, with all that is below it
            above = " OR ".join(f"instr({_CHAIN}, '/' || {key} || '/')" for key in keys)
            return f"({above or '0'})"
        accepted = ", ".join(keys)
        if name in ("team", "service"):  # by its number, by which rows are found
            return f"c.{name} IN (SELECT id FROM {name} WHERE name IN ({accepted}))"
        return f"{self._column(table, name)} IN ({accepted})"

    @property
    def tags(self) -> list[str]:
        """The labels that stand for keys of AllocatedTags."""
        return [name for name in dict.fromkeys((*self.grouped, *self.where)) if tag_key(name)]

    def _column(self, table: CostTable, name: str) -> str:
        return f"tags.{self._parameter(name)}" if name in self.tags else table.columns[name]

    def _told(self, table: CostTable) -> str:
        """What has to be joined for keys of AllocatedTags: looked up once a slice, not once a fact."""
        found = "iif(AllocatedTags = '', NULL, json_extract(AllocatedTags, :{0}_path))"
        values = [
            f"coalesce({found.format(tag)}, :{tag}_none) AS {tag}" for tag in map(self._parameter, self.tags)
        ]
        within = " WHERE AllocatedTags <> ''" if table == PARTS else ""
        return queries.filled("join_tags", values=", ".join(values), within=within) if values else ""

    def _parameter(self, name: str) -> str:
        """How the parameters of a label begin."""
        return f"tag{self.tags.index(name)}" if name in self.tags else name

    def _keys(self, name: str) -> list[str]:
        return [f"{self._parameter(name)}_{number}" for number in range(len(self.where[name]))]

    def _carried(self, table: CostTable) -> str:
        """Which rows of a place."""
        parts = []
        for name, is_by in zip(("team", "service"), table.carriers, strict=True):
            if not is_by:
                parts.append(f" AND c.{name} = 0")
            elif name not in self.where:
                parts.append(f" AND c.{name} > 0")
        return "".join(parts)

    def _names(self, table: CostTable) -> str:
        asked = {*self.grouped, *self.where}
        team = "CROSS JOIN team t ON t.id = c.team\n" if {"team", *ABOVE} & asked else ""
        service = "CROSS JOIN service v ON v.id = c.service\n" if "service" in asked else ""
        return team + service

    def above(self, table: CostTable) -> str:
        """What has to be joined for the teams above a team, and for what splits told."""
        above = ""
        if ABOVE & {*self.grouped, *self.where}:
            above = queries.filled("join_membership", membership=table_as_of("membership", self.as_of))
        return above + self._told(table)
