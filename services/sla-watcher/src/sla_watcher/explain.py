"""Tells in words what a policy promises to one issue, and when each level of its ladders would fall due. Pure."""

from collections.abc import Iterator
from datetime import datetime

from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from sla_watcher.clocks import clocks
from sla_watcher.lifecycle import Step, fold
from sla_watcher.policy import SlaPolicies
from sla_watcher.timers import desired


def explain(
    policies: SlaPolicies, queue: Queue, severity: Severity, complaint_at: datetime, routed_at: datetime
) -> Iterator[str]:
    """Line by line, for an issue that nobody answers; times are shown in the zone of ``complaint_at``."""
    policy = policies.choose(queue, severity)
    yield f"policy {policy.name} (version {policies.version}) for queue {queue}, severity {severity}"
    opened = Step(sequence=1, round=1, kind="opened", at=complaint_at, severity=severity, complaint_at=complaint_at)
    routed = Step(sequence=2, round=1, kind="routed", at=routed_at, queue=queue, complaint_at=complaint_at)
    for clock in clocks(fold((opened, routed))[0], policies):
        yield f"{clock.name}: {clock.terms.target} from the {clock.terms.anchor}"
        for timer in desired(clock):
            level = clock.terms.ladder[timer.rung]
            due_at = timer.due_at.astimezone(complaint_at.tzinfo).isoformat(timespec="seconds")
            tells = f" tells {', '.join(timer.tell)}" if timer.tell else ""
            yield f"  {due_at}  {level.offset.written:>6}  {timer.kind:<8}  {timer.level}{tells}"
