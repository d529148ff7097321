"""What the company deployed and switched: markers, two of which explain what happened to an objective."""

import json
from datetime import datetime, timedelta

import numpy as np

from costwatch.demo.slo_series import CompanySlos
from costwatch.demo.slos import INCIDENT_AFTER, SLOS, SLOW_BURN_SINCE
from costwatch.demo.stories import CompanyPlan
from costwatch.model import Marker

_STREAM = 300  # of random numbers
_EVERY_DAYS = 4  # a service is deployed about so often
_AUTHORS = ("ana", "bogdan", "chidi", "dilek", "emil")
_FLAGS = ("card-limits", "onboarding-steps", "retry-rules", "checkout-layout")


def releases(plan: CompanyPlan, slos: CompanySlos) -> list[Marker]:
    """All of them, oldest first."""
    random = np.random.default_rng([plan.seed, _STREAM])
    found = [culprit(slos), switched(slos)]
    services = {slo.service: slo.team for slo in SLOS}
    days = (plan.now.date() - plan.measured_since).days
    for number, (service, team) in enumerate(services.items()):
        for version, day in enumerate(range(number % _EVERY_DAYS, days, _EVERY_DAYS), start=1):
            minute = int(random.integers(8 * 60, 16 * 60))
            at = slos.first + timedelta(days=day, minutes=minute)
            author = str(random.choice(_AUTHORS))
            title = f"{service} 3.{version}"
            url = f"https://deploys.example/{service}/3.{version}"
            found.append(Marker(at, "deploy", title, service, team, url, author))
    for number, flag in enumerate(_FLAGS):
        at = slos.first + timedelta(days=7 * number + 5, minutes=int(random.integers(9 * 60, 15 * 60)))
        author = str(random.choice(_AUTHORS))
        found.append(Marker(at, "flag", f"{flag} on", "experiments", "experimentation", "", author))
    return sorted(found, key=lambda one: (one.at, one.title))


def culprit(slos: CompanySlos) -> Marker:
    """The deploy that the incident came from."""
    url = "https://deploys.example/model-server/4.0"
    at = slos.incident - INCIDENT_AFTER
    return Marker(at, "deploy", "model-server 4.0", "model-server", "ml-platform", url, "chidi")


def switched(slos: CompanySlos) -> Marker:
    """The flag from which on decisions are slow."""
    at = slos.now - SLOW_BURN_SINCE - timedelta(minutes=4)
    return Marker(at, "flag", "score-v7 for everyone", "risk-decisions", "risk", "", "dilek")


def lines(found: list[Marker], after: datetime) -> str:
    """Those before ``after`` as JSON lines."""
    rows = (
        {"at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}"}
        | {
            name: value
            for name in ("kind", "title", "service", "team", "url", "author")
            if (value := getattr(one, name))
        }
        for one in found
        if one.at < after
    )
    return "".join(json.dumps(row) + "\n" for row in rows)
