"""What was deployed and switched in a window, for whom."""

from collections.abc import Collection

from costwatch.model import Window
from costwatch.model.names import folded
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.markers import StoredMarker
from costwatch.warehouse.markers import markers as stored

__all__ = ["StoredMarker", "concerns", "markers"]


def markers(
    facts: WarehouseSnapshot,
    window: Window,
    *,
    service: str = "",
    team: str = "",
    kinds: Collection[str] = (),
) -> list[StoredMarker]:
    """Those at an instant of ``window``, oldest first, that may explain what happened to a service or team.

    service, team: '' for all of them; see ``concerns``.
    """
    found = stored(facts.db, window, kinds)
    return [one for one in found if concerns(one, service, team)]


def concerns(marker: StoredMarker, service: str, team: str) -> bool:
    """Whether it is of this service, or of this team without naming a service, or of nobody in particular.

    Names are compared folded: ``Model Server`` is ``model-server``.
    """
    if not service and not team:
        return True
    if marker.service and service:
        return folded(marker.service) == folded(service)
    if marker.team and team:
        return folded(marker.team) == folded(team)
    return not marker.service and not marker.team
