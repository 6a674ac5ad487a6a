"""Standard Webhooks 1.0 signatures: made with every active secret, accepted if any secret of the receiver made one.

The HMAC itself comes from the ``standardwebhooks`` library. What it leaves open is closed here: it replaces a time zone
instead of converting it, takes one secret, reads its own clock and stumbles over badly formed signatures.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
PREFIX = "whsec_"
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
MAX_SECRETS = 2
TOLERANCE = timedelta(minutes=5)

_SECONDS = re.compile(r"[0-9]{1,12}")
_MAX_SIGNATURES = 8


class InvalidSecret(ValueError):  # noqa: N818 - named for what the value is
    """The secret is not ``whsec_`` and the base64 of 24 to 64 bytes; the message never shows it."""


class VerificationFailed(Exception):  # noqa: N818 - the one thing that can happen to a webhook that is not ours
    """The message is not authentic, not fresh or not well formed; answer 401 and do not act on it.

    Args:
        reason: a short constant code, fit for a counter's label.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"webhook refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """One signing key, shared with one receiver."""

    key: bytes

    @classmethod
    def parse(cls, text: str) -> "Secret":
        """The secret written as ``whsec_<base64>``.

        Raises:
            InvalidSecret: it is not of that form or not 24 to 64 bytes long.
        """
        given = text.strip()
        if not given.startswith(PREFIX):
            raise InvalidSecret(f"a webhook secret begins with {PREFIX!r}")
        encoded = given.removeprefix(PREFIX).rstrip("=")
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidSecret(f"what follows {PREFIX!r} is not base64") from None
        if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
            raise InvalidSecret(f"a key has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes; this one has {len(key)}")
        return cls(key)

    def __str__(self) -> str:
        """The secret as it is given to the receiver."""
        return PREFIX + base64.b64encode(self.key).decode()

    def __repr__(self) -> str:
        """Nothing that a log could leak."""
        return "Secret(hidden)"


@dataclass(frozen=True, slots=True)
class Verified:
    """A message that is authentic: its id, to drop repeats by, and when this attempt was signed."""

    message_id: str
    signed_at: datetime


def sign(message_id: str, at: datetime, body: bytes, secrets: Sequence[Secret]) -> dict[str, str]:
    """The three headers of one attempt.

    Args:
        message_id: the same on every attempt of one delivery.
        at: the time of the attempt, aware in any zone; sent as whole seconds.
        body: the exact bytes that are sent; UTF-8.
        secrets: the new secret first; with two, a receiver may hold either.

    Raises:
        ValueError: no secret, more than two, or a time without a zone.
    """
    if not 1 <= len(secrets) <= MAX_SECRETS:
        raise ValueError(f"sign with one secret, or two while rotating; not {len(secrets)}")
    if at.tzinfo is None:
        raise ValueError("the time of an attempt needs its zone")
    seconds = int(at.timestamp())
    return {
        ID: message_id,
        TIMESTAMP: str(seconds),
        SIGNATURE: " ".join(_signature(secret, message_id, seconds, body.decode()) for secret in secrets),
    }


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[Secret],
    *,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> Verified:
    """Who sent ``body`` and when, if one of ``secrets`` signed it and it is fresh at ``now``.

    Raises:
        VerificationFailed: for every other case.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message_id and timestamp and signatures):
        raise VerificationFailed("missing_header")
    if not _SECONDS.fullmatch(timestamp):
        raise VerificationFailed("malformed_timestamp")
    seconds = int(timestamp)
    if abs(now.timestamp() - seconds) > tolerance.total_seconds():
        raise VerificationFailed("stale_timestamp")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise VerificationFailed("body_not_utf8") from None
    expected = [_signature(secret, message_id, seconds, text).encode() for secret in secrets]
    offered = [one.encode() for one in signatures.split(" ", _MAX_SIGNATURES)[:_MAX_SIGNATURES]]
    # Every pair is compared, in constant time each: how long it takes tells nothing about which one fits.
    if not sum(hmac.compare_digest(one, other) for one in expected for other in offered):
        raise VerificationFailed("no_matching_signature")
    return Verified(message_id, datetime.fromtimestamp(seconds, UTC))


def _signature(secret: Secret, message_id: str, seconds: int, body: str) -> str:
    signature: str = Webhook(secret.key).sign(message_id, datetime.fromtimestamp(seconds, UTC), body)
    return signature
