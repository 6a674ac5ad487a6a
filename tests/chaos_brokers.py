"""The brokers cannot be reached: connections are refused, swallowed, or cut again and again."""

from chaos_links import LONG_SECONDS, TURN_SECONDS, away, flapping, one_after_another, slow
from chaos_world import Fault
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.pacing import Pace
from shenava.dev.stack import SERVICES

SLOW = Pace(delay=0.05, jitter=0.05, bytes_per_second=2_000_000)

ALL = (
    Fault(
        "brokers refuse all services",
        away(FaultProxy.refuse, "kafka"),
        away(FaultProxy.refuse, "kafka", seconds=LONG_SECONDS),
    ),
    Fault(
        "brokers swallow what all services say",
        away(FaultProxy.black_hole, "kafka"),
        away(FaultProxy.black_hole, "kafka", seconds=LONG_SECONDS),
    ),
    Fault(
        "connections of all services to the brokers are cut again and again",
        flapping("kafka"),
        flapping("kafka", seconds=LONG_SECONDS),
    ),
    Fault(
        "brokers are slow",
        slow("kafka", SLOW),
        slow("kafka", SLOW, seconds=LONG_SECONDS),
    ),
)
IN_TURN = Fault(
    "brokers swallow what one service after another says",
    one_after_another(
        away(FaultProxy.black_hole, "kafka", service, seconds=TURN_SECONDS) for service in SERVICES
    ),
)  # fmt: skip
ALONE = tuple(
    Fault(f"brokers {what} {service} alone", away(how, "kafka", service), away(how, "kafka", service, seconds=15.0))
    for service in SERVICES
    for what, how in (("refuse", FaultProxy.refuse), ("are silent to", FaultProxy.black_hole))
)
