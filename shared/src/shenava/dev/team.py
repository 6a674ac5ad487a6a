"""A team at work, for the demo: answers what came to two of the queues and settles half of it, by the router's API."""

import asyncio
from collections.abc import Iterable

import httpx

from shenava.events import IssueRouted

ANSWERED_QUEUES = frozenset({"content", "product"})
AT_ONCE = 8


async def answer_issues(router: str, api_key: str, routed: Iterable[IssueRouted]) -> None:
    """Acknowledge every issue of the content and product queues and resolve those of the content queue."""
    slots = asyncio.Semaphore(AT_ONCE)
    headers = {"Authorization": f"Bearer {api_key}"}
    async with httpx.AsyncClient(base_url=router, headers=headers, timeout=30, trust_env=False) as client:

        async def answer(issue: IssueRouted) -> None:
            async with slots:
                acknowledged = await client.post(f"/v1/issues/{issue.issue_id}/acknowledge", json={})
                acknowledged.raise_for_status()
                if issue.queue == "content":
                    resolved = await client.post(
                        f"/v1/issues/{issue.issue_id}/resolve", json={"resolution": "answered"}
                    )
                    resolved.raise_for_status()

        distinct = {event.issue_id: event for event in routed if event.queue in ANSWERED_QUEUES}
        async with asyncio.TaskGroup() as group:
            for event in distinct.values():
                group.create_task(answer(event))
