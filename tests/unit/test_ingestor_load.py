"""Loading files: reading lines, asking again when told to, telling what was refused."""

import gzip
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from ingestor import lines as reading
from ingestor.__main__ import app
from ingestor.kinds import FACT, MENTION
from ingestor.lines import Line, filled, grouped, read_lines
from ingestor.load import Step, checker, steps
from ingestor.sending import LoadStopped, Sender, asked_wait
from shenava.retry import Backoff
from shenava.testing.builders import BASE

GOOD: dict[str, Any] = {"channel": "x", "native_id": "1", "author": {"id": "a"}, "text": "سلام"}
AT_ONCE = Backoff(first=timedelta(milliseconds=1), limit=timedelta(milliseconds=1))
Answer = Callable[[httpx.Request], httpx.Response]


def _file(path: Path, *items: object) -> str:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")
    return str(path)


def _accepting(request: httpx.Request) -> httpx.Response:
    results = [{"index": index, "status": "accepted"} for index, _ in enumerate(request.content.splitlines())]
    return httpx.Response(202, json={"accepted": len(results), "refused": 0, "results": results})


def _sender(answer: Answer, **over: Any) -> Sender:
    client = httpx.AsyncClient(base_url="http://ingestor", transport=httpx.MockTransport(answer))
    return Sender(client, MENTION.path, backoff=AT_ONCE, **over)


async def _steps(path: str, sender: Sender, size: int = 200) -> list[Step]:
    return [step async for step in steps(path, size, sender)]


def _line(raw: bytes = b"{}", number: int = 1) -> Line:
    return Line("a.ndjson", number, raw, 0)


def test_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"\xef\xbb\xbf{}\r\n\n  \n[]\n\xef\xbb\xbfno end")
    assert [(line.number, line.raw) for line in read_lines(str(file))] == [(1, b"{}"), (4, b"[]"), (5, b"no end")]


def test_a_compressed_file_reads_as_a_plain_one(tmp_path: Path) -> None:
    plain = _file(tmp_path / "a.ndjson", GOOD, GOOD)
    packed = tmp_path / "a.ndjson.gz"
    packed.write_bytes(gzip.compress(Path(plain).read_bytes()))
    assert [line.raw for line in read_lines(str(packed))] == [line.raw for line in read_lines(plain)]


def test_the_standard_input_is_read_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}\n[]\n")))
    assert [line.raw for line in read_lines("-")] == [b"{}", b"[]"]


def test_an_endless_line_is_skipped_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST", 10)
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"x" * 35 + b"\n{}\n" + b"y" * 11)
    assert [(line.number, line.raw) for line in read_lines(str(file))] == [(1, None), (2, b"{}"), (3, None)]


def test_groups_are_bounded_by_lines_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_GROUP_BYTES", 10)
    lines = [_line(b"x" * size, number) for number, size in enumerate((1, 1, 1, 8, 4, 20, 1))]
    assert [[len(line.raw or b"") for line in group] for group in grouped(lines, 2)] == [[1, 1], [1, 8], [4], [20], [1]]


def test_defaults_fill_in_and_never_overwrite() -> None:
    assert json.loads(filled(b'{"brand":"a","x":1.50}', {"brand": "b", "lane": "backfill"})) == {
        "brand": "a",
        "x": 1.5,
        "lane": "backfill",
    }
    assert filled(b"[1", {"brand": "b"}) == b"[1"
    assert filled(b'{"a": 1}', {}) == b'{"a": 1}'


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("3", 3),
        ("0", 0),
        ("Sat, 21 Mar 2026 08:30:07 GMT", 7),
        ("Sat, 21 Mar 2026 08:00:00 GMT", 0),
        ("99999999999999999999", 0),
        ("3600", 60),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_retry_after_is_honoured_within_reason(header: str | None, seconds: int) -> None:
    assert asked_wait(header, BASE) == timedelta(seconds=seconds)


async def test_each_refused_line_is_told_by_its_number_in_the_file(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        count = len(request.content.splitlines())
        results: list[dict[str, Any]] = [{"index": index, "status": "accepted"} for index in range(count - 1)]
        results.append({"index": count - 1, "status": "refused", "pointer": "/text", "detail": "shorten it"})
        return httpx.Response(202, json={"accepted": count - 1, "refused": 1, "results": results})

    walked = await _steps(_file(tmp_path / "a", *[GOOD] * 5), _sender(answer), size=2)
    assert [step.accepted for step in walked] == [1, 1, 0]
    told = [(refused.line.number, refused.pointer, refused.detail) for step in walked for refused in step.refused]
    assert told == [(2, "/text", "shorten it"), (4, "/text", "shorten it"), (5, "/text", "shorten it")]


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
async def test_later_is_tried_again_with_the_very_same_lines(tmp_path: Path, status: int) -> None:
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        if len(bodies) < 3:
            return httpx.Response(status, headers={"Retry-After": "0"}, json={"detail": "later"})
        return _accepting(request)

    reasons: list[str] = []
    sender = _sender(answer, on_retry=reasons.append)
    (step,) = await _steps(_file(tmp_path / "a", GOOD, GOOD), sender)
    assert (step.accepted, sender.retries, len(set(bodies))) == (2, 2, 1)
    assert [reason.partition(";")[0] for reason in reasons] == [f"{status} later"] * 2


async def test_an_unreachable_ingestor_is_tried_again(tmp_path: Path) -> None:
    attempts = iter((httpx.ConnectError("refused"), httpx.ReadTimeout("slow")))

    def answer(request: httpx.Request) -> httpx.Response:
        if error := next(attempts, None):
            raise error
        return _accepting(request)

    sender = _sender(answer)
    (step,) = await _steps(_file(tmp_path / "a", GOOD), sender)
    assert (step.accepted, sender.retries) == (1, 2)


async def test_when_patience_ends_the_next_line_is_named(tmp_path: Path) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503, headers={"Retry-After": "9"}, json={"detail": "Kafka is away"})

    path = _file(tmp_path / "a", GOOD)
    with pytest.raises(LoadStopped, match=r"a:1: gave up after 1 attempts: 503 Kafka is away\. Run the same again"):
        await _steps(path, _sender(answer, patience=timedelta(seconds=5)))


@pytest.mark.parametrize("status", [401, 403, 404, 415, 500])
async def test_what_no_retry_can_mend_stops_the_load(tmp_path: Path, status: int) -> None:
    path = _file(tmp_path / "a", GOOD)
    with pytest.raises(LoadStopped, match=f"a:1: {status} "):
        await _steps(path, _sender(lambda _: httpx.Response(status)))


async def test_an_answer_that_is_none_of_an_ingestor_stops_the_load(tmp_path: Path) -> None:
    path = _file(tmp_path / "a", GOOD)
    with pytest.raises(LoadStopped, match="does not answer as an ingestor"):
        await _steps(path, _sender(lambda _: httpx.Response(202, text="hello")))


async def test_too_much_for_one_request_is_sent_in_halves(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if b"huge" in request.content or len(request.content.splitlines()) > 2:
            return httpx.Response(413, json={"detail": "too large"})
        return _accepting(request)

    path = _file(tmp_path / "a", GOOD, GOOD, GOOD | {"text": "huge"}, GOOD, GOOD)
    (step,) = await _steps(path, _sender(answer))
    assert step.accepted == 4
    assert [(refused.line.number, refused.detail) for refused in step.refused] == [(3, "413 too large")]


async def test_a_check_finds_what_the_ingestor_would_refuse(tmp_path: Path) -> None:
    future = GOOD | {"posted_at": "2126-01-01T00:00:00Z"}
    path = _file(tmp_path / "a", GOOD, GOOD | {"txt": 1}, future)
    (step,) = [step async for step in steps(path, 10, checker(MENTION, {"brand": "nilgoon"}, lambda: BASE))]
    assert step.accepted == 1
    assert [(refused.line.number, refused.pointer) for refused in step.refused] == [(2, "/txt"), (3, "/posted_at")]
    facts = _file(tmp_path / "b", {"kind": "order", "fact_id": "1"})
    (step,) = [step async for step in steps(facts, 10, checker(FACT, {}, lambda: BASE))]
    assert (step.accepted, step.refused) == (1, [])


def test_the_check_command_prints_what_to_mend_and_fails(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.ndjson", GOOD, GOOD | {"txt": 1})
    result = CliRunner().invoke(app, ["check", path])
    assert result.exit_code == 1
    assert f"refused {path}:2 /txt: 'txt' is not known; known: " in result.output
    assert CliRunner().invoke(app, ["load", "--check", _file(tmp_path / "b", GOOD)]).exit_code == 0


def test_a_missing_or_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    damaged = tmp_path / "a.gz"
    damaged.write_bytes(gzip.compress(b"{}\n" * 1000)[:-9])
    for path, words in ((str(tmp_path / "none"), "No such file"), (str(damaged), "end-of-stream")):
        result = CliRunner().invoke(app, ["check", path])
        assert result.exit_code == 1
        assert words in result.output


def test_facts_have_no_lane(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--facts", "--lane", "backfill", _file(tmp_path / "a", {})])
    assert result.exit_code == 2
    assert "no lane" in result.output
