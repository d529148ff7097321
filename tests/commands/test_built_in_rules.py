"""The rules that are built in, as people meet them: in `check`, in routes, and at `alerts eval`."""

from pathlib import Path

from tests.made.command_line import ALERTS, CONFIG, Costwatch, configure

WITHOUT = ALERTS.replace("  - {name: StaleData, kind: freshness, max_age: 30h, max_data_age: 60d}\n", "")
TOLD = "no rule of kind freshness watches any source: the built-in rule BuiltInFreshness watches all of them"


def test_where_no_rule_watches_sources_check_and_eval_say_so_and_it_fires(
    costwatch: Costwatch, company: Path
) -> None:
    configure(company, alerts=WITHOUT)
    assert (costwatch("check").code, costwatch("check").err) == (0, f"costwatch: {TOLD}\n")
    late = costwatch("-v", "--now", "2026-11-20", "alerts", "eval")
    assert (late.code, TOLD in late.err) == (0, True)
    assert [
        alert["rule"] for alert in costwatch("alerts", "list", "--json").json if alert["labels"].get("source")
    ]


def test_the_names_of_built_in_rules_are_taken(costwatch: Costwatch, company: Path) -> None:
    configure(company, alerts=ALERTS.replace("name: Spend", "name: ReceiverFailing"))
    answer = costwatch("check")
    assert answer.code == 2
    assert "'ReceiverFailing' is the name of a rule that is built in; choose another" in answer.out


def test_routes_and_silences_may_name_built_in_rules_and_their_labels(
    costwatch: Costwatch, company: Path
) -> None:
    routes = (
        "route: {receiver: default, routes: [{matchers: ['rule=EvaluationFailing', 'failing_rule=Spend'],"
        " group_by: [rule, file]}]}"
    )
    configure(company, CONFIG, ALERTS.replace("route: {receiver: default, group_by: [rule]}", routes))
    assert costwatch("check").code == 0


def test_a_rule_may_say_how_much_it_tells(costwatch: Costwatch, company: Path) -> None:
    configure(company, alerts=ALERTS.replace("above: 5", "above: 5, max_alerts: 0"))
    assert "alerts.yaml:3" in costwatch("check").out
    configure(company, alerts=ALERTS.replace("above: 5", "above: 0, max_alerts: 1"))
    assert costwatch("--now", "2026-10-03", "alerts", "eval").code == 0
    told = [
        alert["summary"] for alert in costwatch("alerts", "list", "--json").json if alert["rule"] == "Spend"
    ]
    assert len(told) == 1
    assert told[0].startswith("rule Spend matches 2, more than its max_alerts of 1: refine it")
