"""The command ``ingestor load`` against a real ingestor: nothing is left out, nothing counts twice."""

import asyncio
import gzip
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ingestor_node import IngestorNode, ingestor_serving, written
from shenava import topics
from shenava.events import FactRecorded, MentionCorrected, MentionReceived
from shenava.settings import KafkaSettings
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

SAMPLE = Path(__file__).parents[2] / "config" / "sample" / "mentions-fa.ndjson"
ON_A_TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "200", "TERM": "xterm"}


@pytest.fixture(scope="module")
def ingestor(kafka: KafkaSettings) -> Iterator[IngestorNode]:
    with ingestor_serving(kafka) as node:
        yield node


@pytest.fixture
def brand() -> str:
    """One that nobody else writes for."""
    return f"b-{uuid4().hex[:12]}"


def _line(number: int, **over: Any) -> str:
    author = {"id": f"tg:{number}"}
    mention = {"channel": "telegram", "native_id": str(number), "author": author, "text": "نیلگون"}
    return json.dumps(mention | over, ensure_ascii=False) + "\n"


async def _start(
    ingestor: IngestorNode,
    *arguments: object,
    key_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> asyncio.subprocess.Process:
    options = ["--url", ingestor.url, "--key-file", str(key_file or ingestor.key_file)]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ingestor", "load", *map(str, arguments), *options),
        env={"PATH": "", "COLUMNS": "200", **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _load(
    ingestor: IngestorNode,
    *arguments: object,
    stdin: bytes = b"",
    key_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    process = await _start(ingestor, *arguments, key_file=key_file, environment=environment)
    output, _ = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def _mentions(kafka: KafkaSettings, brand: str) -> list[MentionReceived]:
    return await written(kafka, topics.MENTIONS_RECEIVED.name, brand, MentionReceived)


async def test_the_sample_is_taken_whole_and_a_second_load_changes_nothing(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    first = await _load(ingestor, SAMPLE, "--brand", brand)
    once = await _mentions(kafka, brand)
    again = await _load(ingestor, SAMPLE, "--brand", brand, "--lane", "backfill", "--batch", "37")
    twice = await _mentions(kafka, brand)
    assert (first[0], again[0]) == (0, 0)
    assert len(once) == len(SAMPLE.read_text("utf-8").splitlines())
    assert len(twice) == 2 * len(once)
    assert {event.event_id for event in twice} == {event.event_id for event in once}
    assert {event.mention.lane for event in once} == {"live"}


async def test_refused_lines_are_told_with_number_pointer_and_mend_and_the_others_are_taken(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, tmp_path: Path
) -> None:
    lines = [_line(number) for number in range(1, 501)]
    lines[122] = _line(123, rating=7)
    lines[399] = "not json\n"
    lines.insert(400, "\n")
    file = tmp_path / "mentions.ndjson.gz"
    file.write_bytes(gzip.compress("".join(lines).encode()))
    code, output = await _load(ingestor, file, "--brand", brand, environment=ON_A_TERMINAL)
    assert code == 1
    assert f"{file}:123 /rating: Expected `int` <= 5" in output
    assert f"{file}:400: JSON is malformed" in output
    assert "100%" in output
    assert "498 accepted, 2 refused" in output
    assert re.search(r"│ +498 │ +2 │", output)
    good = {str(number) for number in range(1, 501)} - {"123", "400"}
    assert {event.mention.native_id for event in await _mentions(kafka, brand)} == good


async def test_the_standard_input_is_loaded_in_order(ingestor: IngestorNode, kafka: KafkaSettings, brand: str) -> None:
    lines = "".join(_line(number, conversation="one") for number in range(100))
    code, _ = await _load(ingestor, "-", "--brand", brand, "--batch", "7", stdin=lines.encode())
    assert code == 0
    assert [int(event.mention.native_id) for event in await _mentions(kafka, brand)] == list(range(100))


async def test_facts_are_loaded_too(ingestor: IngestorNode, kafka: KafkaSettings, brand: str, tmp_path: Path) -> None:
    file = tmp_path / "facts.ndjson"
    file.write_text("".join(json.dumps({"kind": "lead", "fact_id": str(number)}) + "\n" for number in range(30)))
    code, _ = await _load(ingestor, file, "--facts", "--brand", brand)
    events = await written(kafka, topics.FACTS_RECORDED.name, brand, FactRecorded)
    assert (code, len(events)) == (0, 30)


async def test_corrections_are_loaded_too(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, tmp_path: Path
) -> None:
    said = {"mention_id": "m-1", "sentiment": "negative", "by": "سارا"}
    lines = [said | {"occurred_at": f"2026-03-21T09:{minute:02}:00Z"} for minute in range(30)]
    file = tmp_path / "corrections.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, _ = await _load(ingestor, file, "--corrections", "--brand", brand)
    events = await written(kafka, topics.MENTIONS_CORRECTED.name, brand, MentionCorrected)
    assert (code, len({event.event_id for event in events})) == (0, 30)


async def test_a_wrong_key_stops_the_load_at_once_and_names_the_line(ingestor: IngestorNode, tmp_path: Path) -> None:
    file, key = tmp_path / "a.ndjson", tmp_path / "key"
    file.write_text(_line(1))
    key.write_text("wrong")
    code, output = await _load(ingestor, file, key_file=key)
    assert code == 1
    assert "a.ndjson:1: 401 no such key is configured" in output


async def test_above_the_rate_the_load_waits_as_it_is_told_and_takes_everything(
    kafka: KafkaSettings, brand: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text("".join(_line(number) for number in range(300)))
    with ingestor_serving(kafka, SHENAVA_INGEST_RATE="100", SHENAVA_INGEST_BURST="100") as slow:
        code, output = await _load(slow, file, "--brand", brand, "--batch", "100")
    assert code == 0
    assert "429 this API key may send 100 items a second" in output
    assert len(await _mentions(kafka, brand)) == 300


async def test_a_load_outlives_a_killed_ingestor_and_loses_nothing(
    kafka: KafkaSettings, brand: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text("".join(_line(number) for number in range(3_000)))
    with ingestor_serving(kafka) as ingestor:
        process = await _start(ingestor, file, "--brand", brand, "--batch", "5")
        await until(lambda: _any_written(kafka, brand))
        await ingestor.kill()
        await ingestor.start()
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert "cannot be reached" in output.decode()
    events = await _mentions(kafka, brand)
    assert {int(event.mention.native_id) for event in events} == set(range(3_000))
    assert len({event.event_id for event in events}) == 3_000


async def _any_written(kafka: KafkaSettings, brand: str) -> bool:
    return bool(await _mentions(kafka, brand))
