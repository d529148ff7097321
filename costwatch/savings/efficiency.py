"""How much of what is requested is used. Pure."""


def efficiency(requested: float | None, used: float | None) -> float | None:
    """``used / requested``; 1 where nothing is requested and something used. None: unknown.

    Both of the same resource and time, in the same unit. More than 1 is used beyond the request. Of what is
    neither requested nor used there is none. Source:
    https://opencost.io/docs/specification/ (Workload Efficiency) and its ``Allocation.CPUEfficiency``, which
    calls the last 0.
    """
    if requested is None or used is None or requested < 0 or used < 0:
        return None
    if requested > 0:
        return used / requested
    return 1.0 if used > 0 else None
