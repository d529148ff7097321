"""Deliveries that can be killed: reads rounds from its input, and forks a process for each.

Started with a warehouse and Slack's address. A round is a line of JSON, ``{"now": …, "firing": […]}``; its
answer is the child's process id, then, once that is gone, ``gone``.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from costwatch.alerts.routing import RootRoute
from costwatch.deliver import deliver
from costwatch.evaluate import evaluate
from costwatch.model import Verdict
from costwatch.notify.slack import Slack
from costwatch.notify.slack.client import client
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import Script

ROUTE = RootRoute.model_validate({"receiver": "slack", "group_by": ["service"], "group_interval": "5m"})


def run(path: Path, url: str, now: datetime, firing: list[str]) -> None:
    """Evaluate and deliver once."""
    warehouse = Warehouse(path)
    rule = Script(findings={name: (Verdict.BREACH, name) for name in firing})
    evaluate(warehouse, [rule], now)
    slack = Slack(name="slack", channel="C1", token="${env:SLACK_BOT_TOKEN}", api_url=url)
    deliver(warehouse, ROUTE, [slack], {}, "http://127.0.0.1:8501", now)


if __name__ == "__main__":
    path, url = Path(sys.argv[1]), sys.argv[2]
    Slack.messages_per_second = Slack.edits_per_second = 1_000  # the pace is tested elsewhere
    client("xoxb-warm", url, 1)  # what is imported when it is first needed is shared by all
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                run(path, url, datetime.fromisoformat(asked["now"]), asked["firing"])
                code = 0
            finally:
                os._exit(code)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("gone", flush=True)
