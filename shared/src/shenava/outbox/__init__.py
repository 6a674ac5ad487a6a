"""The outbox: events staged in the transaction of their cause, sent afterwards by one relay, in order."""

from shenava.outbox.relay import Relay
from shenava.outbox.stage import create_table, stage

__all__ = ["Relay", "create_table", "stage"]
