"""The brokers cannot be reached: connections are refused, swallowed, or cut again and again."""

from chaos_links import LONG_SECONDS, TURN_SECONDS, away, flapping, one_after_another, slow, with_bounded_memory
from chaos_world import Fault
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.pacing import Pace
from shenava.dev.stack import SERVICES

LONG_ALONE_SECONDS = 15.0
SLOW = Pace(delay=0.05, jitter=0.05, bytes_per_second=2_000_000)

ALL = (
    Fault(
        "brokers refuse all services",
        with_bounded_memory(away(FaultProxy.refuse, "kafka")),
        with_bounded_memory(away(FaultProxy.refuse, "kafka", seconds=LONG_SECONDS)),
    ),
    Fault(
        "brokers swallow what all services say",
        with_bounded_memory(away(FaultProxy.black_hole, "kafka")),
        with_bounded_memory(away(FaultProxy.black_hole, "kafka", seconds=LONG_SECONDS)),
    ),
    Fault(
        "connections of all services to the brokers are cut again and again",
        flapping("kafka"),
        flapping("kafka", seconds=LONG_SECONDS),
    ),
    Fault(
        "brokers are slow",
        with_bounded_memory(slow("kafka", SLOW)),
        with_bounded_memory(slow("kafka", SLOW, seconds=LONG_SECONDS)),
    ),
)
IN_TURN = Fault(
    "brokers swallow what one service after another says",
    one_after_another(
        away(FaultProxy.black_hole, "kafka", service, seconds=TURN_SECONDS) for service in SERVICES
    ),
)  # fmt: skip
ALONE = tuple(
    Fault(
        f"brokers {what} {service} alone",
        away(how, "kafka", service),
        away(how, "kafka", service, seconds=LONG_ALONE_SECONDS),
    )
    for service in SERVICES
    for what, how in (("refuse", FaultProxy.refuse), ("are silent to", FaultProxy.black_hole))
)
