"""The peers of the transport benchmark, as their own documentation writes such a step; each in its own process.

They run in environments of their own (``requirements/bench-*.lock``), so nothing of ours is imported here. What they
write is what ours writes: the same key, an id derived from the cause, and the CloudEvents headers, acknowledged by all
replicas.

    python benchmarks/transport_peers.py VARIANT BOOTSTRAP INPUT OUTPUT MESSAGES
"""

import json
import resource
import sys
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

VERDICT = {"status": "scored", "language": "fa", "sentiment": "negative", "confidence": 0.75}


def headers_of(event_id: str, occurred_at: str) -> dict[str, str]:
    """The CloudEvents attributes of the classified event; its id is derived from the received one's."""
    return {
        "ce_specversion": "1.0",
        "ce_type": "shenava.mention.classified.v1",
        "ce_source": "/bench",
        "ce_id": str(uuid5(NAMESPACE_URL, f"classified {event_id}")),
        "ce_time": occurred_at,
        "content-type": "application/json",
    }


def key_of(brand: str, channel: str, conversation: str) -> str:
    """What keeps a conversation in order."""
    return f"{brand}:{channel}:{conversation}"


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def faststream_batch(bootstrap: str, read: str, write: str, messages: int) -> float:
    """FastStream as its documentation writes it, on uvloop: batches of pydantic models in and out."""
    import uvloop  # noqa: PLC0415 - only this variant's environment has it

    return uvloop.run(_faststream_batch(bootstrap, read, write, messages))


async def _faststream_batch(bootstrap: str, read: str, write: str, messages: int) -> float:
    from faststream import FastStream  # noqa: PLC0415 - only this variant's cost
    from faststream.kafka import KafkaBroker, KafkaPublishMessage  # noqa: PLC0415

    from transport_peers_models import Classification, Event  # noqa: PLC0415

    broker = KafkaBroker(bootstrap, acks="all", enable_idempotence=True, max_batch_size=4_000_000, logger=None)
    app = FastStream(broker, logger=None)
    done, began = 0, 0.0
    verdict = Classification(**VERDICT)

    @broker.subscriber(read, batch=True, group_id=write, auto_offset_reset="earliest", max_records=500)  # type: ignore[untyped-decorator]  # FastStream lives in another environment
    async def handle(bodies: list[Event]) -> None:
        nonlocal done, began
        began = began or cpu_seconds()
        await broker.publish_batch(*(out(body) for body in bodies), topic=write)
        done += len(bodies)
        if done >= messages:
            app.exit()

    def out(body: Event) -> KafkaPublishMessage:
        headers = headers_of(body.event_id, body.occurred_at.isoformat())
        classified = body.model_copy(update={"classification": verdict, "event_id": headers["ce_id"]})
        key = key_of(body.brand, body.mention.channel, body.mention.conversation)
        return KafkaPublishMessage(classified, key=key.encode(), headers=headers)

    await app.run()
    return cpu_seconds() - began


def quix(bootstrap: str, read: str, write: str, messages: int) -> float:
    """Quix Streams as its documentation writes it: JSON dictionaries through a streaming data frame."""
    from quixstreams import Application  # noqa: PLC0415 - only this variant's cost

    app = Application(
        broker_address=bootstrap,
        consumer_group=write,
        auto_offset_reset="earliest",
        loglevel="ERROR",
        producer_extra_config={"acks": "all", "enable.idempotence": True},
    )
    began = 0.0

    def handle(body: dict[str, Any]) -> dict[str, Any]:
        nonlocal began
        began = began or cpu_seconds()
        return {**body, "classification": VERDICT, "event_id": str(uuid5(NAMESPACE_URL, body["event_id"]))}

    def headers(body: dict[str, Any], *_: object) -> list[tuple[str, str]]:
        return list(headers_of(body["event_id"], body["occurred_at"]).items())

    def key(body: dict[str, Any]) -> str:
        mention = body["mention"]
        return key_of(body.get("brand", "default"), mention["channel"], mention["conversation"])

    frame = app.dataframe(app.topic(read, value_deserializer="json"))
    frame.apply(handle).set_headers(headers).to_topic(app.topic(write, value_serializer="json"), key=key)
    app.run(count=messages, timeout=120)
    return cpu_seconds() - began


VARIANTS: dict[str, Callable[[str, str, str, int], float]] = {"faststream-batch": faststream_batch, "quix": quix}


def main() -> None:
    """Run the variant and print its figure as JSON."""
    variant, bootstrap, read, write, messages = sys.argv[1:]
    spent = VARIANTS[variant](bootstrap, read, write, int(messages))
    print(json.dumps({"variant": variant, "cpu_us": spent / int(messages) * 1e6}))


if __name__ == "__main__":
    main()
