"""Remembers the answers to requests that carry an Idempotency-Key, so that a repeat is answered and not done again.

The key's row is claimed in the transaction of the effect: a repeat that comes meanwhile waits for it, and an effect
that is rolled back forgets its key. Follows draft-ietf-httpapi-idempotency-key-header-07.
"""

from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from shenava.db.database import Transaction
from shenava.http.problems import Problem

LONGEST_KEY = 255

# A key that has expired is claimed as if it had never been used.
_CLAIM = """
INSERT INTO idempotency_keys AS k (client, key, fingerprint) VALUES ($1, $2, $3)
ON CONFLICT (client, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, created_at = now(), etag = NULL, body = NULL
WHERE k.created_at <= now() - $4::interval
RETURNING true
"""
_KNOWN = "SELECT fingerprint, etag, body FROM idempotency_keys WHERE client = $1 AND key = $2"
_KEEP = "UPDATE idempotency_keys SET etag = $3, body = $4 WHERE client = $1 AND key = $2"
_FORGET = "DELETE FROM idempotency_keys WHERE created_at <= now() - $1::interval"


class Answer(NamedTuple):
    """A successful answer."""

    etag: str
    body: bytes


class Claim(NamedTuple):
    """The key of one request of one client.

    Attributes:
        fingerprint: of everything that makes two requests the same.
    """

    client: str
    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, client: str, key: str, path: str, body: bytes) -> "Claim":
        """The claim of a request with this header.

        Raises:
            Problem: 400 when the key is empty, too long, or not printable ASCII.
        """
        key = key.strip()
        if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
            raise Problem(400, "Idempotency-Key malformed", f"send 1 to {LONGEST_KEY} printable ASCII characters")
        return cls(client, key, sha256(path.encode() + b"\0" + body).digest())


async def answered(tx: Transaction, claim: Claim, ttl: timedelta) -> Answer | None:
    """The answer to the same request before, or None: then the key is claimed and the request is to be done.

    Raises:
        Problem: 422 when the key was used for another request.
    """
    if await tx.driver.fetchval(_CLAIM, *claim, ttl):
        return None
    known = await tx.driver.fetchrow(_KNOWN, claim.client, claim.key)
    if known is None or known["fingerprint"] != claim.fingerprint:
        raise Problem(
            422, "Idempotency-Key reused", "this key was used for another request; send a new key for a new request"
        )
    return Answer(known["etag"], known["body"])


async def keep(tx: Transaction, claim: Claim, answer: Answer) -> None:
    """Remember ``answer`` under the claimed key."""
    await tx.driver.execute(_KEEP, claim.client, claim.key, *answer)


async def forget(tx: Transaction, ttl: timedelta) -> None:
    """Remove the keys that have expired."""
    await tx.driver.execute(_FORGET, ttl)
