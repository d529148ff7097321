"""Rules on error budgets by the command line: names that are refused, and alerts that go out all the same."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.made.command_line import CONFIG, Costwatch, configure
from tests.made.slo_buckets import NOW, History, objective, steady

SLOTH = """version: prometheus/v1
service: shop
slos:
  - name: checkout
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{.window}}]))
    alerting: {page_alert: {}, ticket_alert: {}}
"""
RULES = "rules:\n{}route: {{receiver: default}}\nreceivers: [{{name: default, kind: stdout}}]\n"
RULE = "  - {{name: Burn, kind: slo_burn, slo: {}}}\n"
SOURCES = "  - {name: slos, kind: slo, url: 'http://127.0.0.1:9'}\n"


@pytest.fixture
def shop(tmp_path: Path, costwatch: Costwatch) -> Path:
    (tmp_path / "slos.yml").write_text(SLOTH)
    return tmp_path


def configured(folder: Path, rule: str, *, slos: str = "slos: [slos.yml]\n") -> None:
    configure(folder, slos + CONFIG.replace("sources:\n", f"sources:\n{SOURCES}"), RULES.format(rule))


@pytest.mark.parametrize("name", ["'*'", "checkout", "'check*'", "shop-checkout"])
def test_objectives_that_are_there_are_fine(shop: Path, costwatch: Costwatch, name: str) -> None:
    configured(shop, RULE.format(name))
    assert costwatch("check").code == 0


def test_a_name_that_none_has_is_refused_with_the_nearest(shop: Path, costwatch: Costwatch) -> None:
    configured(shop, RULE.format("chekout"))
    answer = costwatch("check")
    assert answer.code == 2
    assert "alerts.yaml:2: 'slo': no SLO is called 'chekout'; use checkout" in answer.out


def test_a_rule_for_all_where_there_is_none_can_never_fire(shop: Path, costwatch: Costwatch) -> None:
    configured(shop, RULE.format("'*'"), slos="")
    answer = costwatch("check")
    assert answer.code == 2
    assert "'slo': can never fire: no objective is named; name files of them under 'slos'" in answer.out


def test_what_prometheus_does_not_answer_an_alert_does_without(
    shop: Path, costwatch: Costwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.prometheus.session._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    configured(shop, RULE.format("checkout"))
    history = History(shop).put(objective())
    history.buckets("checkout", [*steady(29), *steady(1 / 24, 100, 20)])
    now = ("--now", f"{NOW + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    assert costwatch(*now, "alerts", "eval").code == 0
    told = costwatch(*now, "alerts", "deliver").out
    assert "checkout: burns at 200 over 1 h and 200 over 5 min\n  at this rate the budget is gone in" in told
    assert "bad events: not told by code, as Prometheus could not be asked" in told
    assert "Query: http://127.0.0.1:9/graph?g0.expr=" in told
