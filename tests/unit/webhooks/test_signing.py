"""Signatures: what we sign the reference library accepts, and nothing else gets past a receiver."""

import base64
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook

from shenava.webhooks.signing import (
    ID,
    SIGNATURE,
    TIMESTAMP,
    InvalidSecret,
    Secret,
    VerificationFailed,
    Verified,
    sign,
    verify,
)

OLD, NEW, OTHER = Secret(b"o" * 24), Secret(b"n" * 32), Secret(b"x" * 64)
AT = datetime(2026, 11, 23, 10, 20, 30, 999_000, tzinfo=UTC)
BODY = '{"type":"issue.routed","data":{"text":"سفارشم نرسیده 😡"}}'.encode()


def test_a_signature_is_the_one_of_the_specifications_example() -> None:
    # The example published with the Standard Webhooks libraries.
    secret = Secret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [secret])
    assert headers == {
        ID: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        TIMESTAMP: "1614265330",
        SIGNATURE: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_reference_library_accepts_what_we_sign_now() -> None:
    headers = sign("m-1", datetime.now(UTC), BODY, [NEW, OLD])
    for secret in (NEW, OLD):
        assert Webhook(secret.key).verify(BODY, headers)["type"] == "issue.routed"


def test_the_zone_of_the_time_changes_nothing() -> None:
    tehran = AT.astimezone(ZoneInfo("Asia/Tehran"))
    assert sign("m-1", tehran, BODY, [NEW]) == sign("m-1", AT, BODY, [NEW])
    assert sign("m-1", AT, BODY, [NEW])[TIMESTAMP] == str(int(AT.timestamp()))


def test_a_time_without_a_zone_is_not_signed() -> None:
    with pytest.raises(ValueError, match="zone"):
        sign("m-1", AT.replace(tzinfo=None), BODY, [NEW])


@pytest.mark.parametrize("secrets", [[], [NEW, OLD, OTHER]])
def test_one_or_two_secrets_sign(secrets: list[Secret]) -> None:
    with pytest.raises(ValueError, match="one secret, or two"):
        sign("m-1", AT, BODY, secrets)


@pytest.mark.parametrize("held", [[OLD], [NEW], [OTHER, OLD]])
def test_while_two_secrets_are_active_a_receiver_may_hold_either(held: list[Secret]) -> None:
    headers = sign("m-1", AT, BODY, [NEW, OLD])
    assert verify(headers, BODY, held, now=AT) == Verified("m-1", AT.replace(microsecond=0))


def test_after_the_rotation_the_old_secret_verifies_nothing() -> None:
    with pytest.raises(VerificationFailed, match="no_matching_signature"):
        verify(sign("m-1", AT, BODY, [NEW]), BODY, [OLD], now=AT)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299])
def test_a_message_is_fresh_for_five_minutes_either_way(seconds: int) -> None:
    now = AT.replace(microsecond=0) + timedelta(seconds=seconds)
    assert verify(sign("m-1", AT, BODY, [NEW]), BODY, [NEW], now=now).message_id == "m-1"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400, -86_400])
def test_a_message_older_or_newer_than_five_minutes_is_refused(seconds: int) -> None:
    headers = sign("m-1", AT, BODY, [NEW])
    with pytest.raises(VerificationFailed, match="stale_timestamp"):
        verify(headers, BODY, [NEW], now=AT.replace(microsecond=0) + timedelta(seconds=seconds))


GOOD = sign("m-1", AT, BODY, [NEW])


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, BODY, "missing_header"),
        ({ID: "m-1", TIMESTAMP: GOOD[TIMESTAMP]}, BODY, "missing_header"),
        (GOOD | {ID: ""}, BODY, "missing_header"),
        (GOOD | {ID: "m-2"}, BODY, "no_matching_signature"),
        (GOOD, BODY + b" ", "no_matching_signature"),
        (GOOD, b"", "no_matching_signature"),
        (GOOD, b"\xff\xfe", "body_not_utf8"),
        (GOOD | {TIMESTAMP: str(int(GOOD[TIMESTAMP]) + 1)}, BODY, "no_matching_signature"),
        (GOOD | {TIMESTAMP: GOOD[TIMESTAMP] + ".5"}, BODY, "malformed_timestamp"),
        (GOOD | {TIMESTAMP: "-1"}, BODY, "malformed_timestamp"),
        (GOOD | {TIMESTAMP: "nan"}, BODY, "malformed_timestamp"),
        (GOOD | {TIMESTAMP: "۱۷۶۳۸۹۳۲۳۰"}, BODY, "malformed_timestamp"),
        (GOOD | {TIMESTAMP: "9" * 400}, BODY, "malformed_timestamp"),
        (GOOD | {TIMESTAMP: "999999999999"}, BODY, "stale_timestamp"),
        (GOOD | {SIGNATURE: "v1"}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: "v1,"}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: "v1,a,b"}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: "v1,%%%"}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: "v1,ۀۀۀ"}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: GOOD[SIGNATURE].replace("v1,", "v2,")}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: GOOD[SIGNATURE].replace("v1,", "")}, BODY, "no_matching_signature"),
        (GOOD | {SIGNATURE: "v1,AAAA " * 500 + GOOD[SIGNATURE]}, BODY, "no_matching_signature"),
    ],
)
def test_whatever_is_wrong_is_one_error(headers: dict[str, str], body: bytes, reason: str) -> None:
    with pytest.raises(VerificationFailed) as caught:
        verify(headers, body, [NEW], now=AT)
    assert caught.value.reason == reason


def test_header_names_are_read_in_any_case_and_foreign_signatures_are_passed_over() -> None:
    headers = {name.title(): value for name, value in GOOD.items()}
    headers[SIGNATURE.title()] = f"v1a,ZWQyNTUxOQ== {GOOD[SIGNATURE]}"
    assert verify(headers, BODY, [NEW], now=AT).message_id == "m-1"


def test_without_a_secret_nothing_is_verified() -> None:
    with pytest.raises(VerificationFailed):
        verify(GOOD, BODY, [], now=AT)


def _written(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(length))).decode()


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_secret_has_24_to_64_bytes_and_reads_back(length: int) -> None:
    secret = Secret.parse(_written(length) + "\n")
    assert secret.key == bytes(range(length))
    assert str(secret) == _written(length)
    assert Secret.parse(_written(length).rstrip("=")) == secret


@pytest.mark.parametrize("text", ["", "whsec_", _written(23), _written(65), _written(32)[6:], "whsec_ü", "whsec_a b!"])
def test_anything_else_is_not_a_secret_and_is_not_repeated_in_the_error(text: str) -> None:
    with pytest.raises(InvalidSecret) as caught:
        Secret.parse(text)
    assert len(text) < 8 or text[6:] not in str(caught.value)


def test_a_secret_does_not_show_itself_in_logs() -> None:
    assert repr(NEW) == "Secret(hidden)"
