"""The three errors a handler may raise: each says what the consumer loop must do with the message."""


class Invalid(Exception):  # noqa: N818 - named for what the message is, as the loop reads it
    """The message can never be handled: dead-letter it with this reason and go on.

    Args:
        reason: a short constant code (``unknown_event_type``), used as a metric label and header.
        detail: what is wrong, where, and how to mend it; stored beside the dead letter.
        pointer: JSON pointer (RFC 6901) to the offending value, if there is one.
    """

    def __init__(self, reason: str, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(f"{reason}: {detail}" + (f" (at {pointer})" if pointer else ""))
        self.reason = reason
        self.detail = detail
        self.pointer = pointer


class Transient(Exception):  # noqa: N818 - named for what the failure is
    """The message is good but something it needs is away: try the same message again after a backoff."""


class Fatal(Exception):  # noqa: N818 - named for what the loop does with it
    """Nothing in this process can go on safely: stop it and let the orchestrator start a new one."""
