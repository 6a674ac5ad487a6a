"""The endpoints' file: what it may say, what it may not, and who is told of what."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from router.endpoints import Endpoints
from router.notices import Notice
from shenava.settings import InvalidSettings
from shenava.testing.builders import BASE
from shenava.webhooks.signing import Secret

SECRET = Secret(b"s" * 32)
ROOT = Path(__file__).parents[3]
ENVIRONMENT = {"CARE_SECRET": str(SECRET), "CARE_HOST": "care.example"}


def entry(**over: Any) -> dict[str, Any]:
    return {"id": "care", "url": "https://care.example/hook", "secrets": [{"secret_env": "CARE_SECRET"}]} | over


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "endpoints.yaml"


def loaded(file: Path, *entries: Any) -> Endpoints:
    file.write_text(yaml.safe_dump(list(entries), allow_unicode=True), "utf-8")
    return Endpoints.load(file, ENVIRONMENT)


def refused(file: Path, *entries: Any) -> str:
    with pytest.raises(InvalidSettings) as caught:
        loaded(file, *entries)
    assert str(file) in str(caught.value)
    return str(caught.value)


def notice(kind: str = "issue.routed", **over: Any) -> Notice:
    given: dict[str, Any] = {"issue_id": "i", "brand": "nilgoon", "queue": "content", "occurred_at": BASE}
    return Notice(type=kind, **given | {"cause_id": "c", "data": {}} | over)


def test_an_endpoint_needs_an_id_a_url_and_a_secret_and_is_told_everything(file: Path) -> None:
    endpoint = loaded(file, entry())["care"]
    assert (endpoint.url, endpoint.secrets) == ("https://care.example/hook", (SECRET,))
    assert (endpoint.timeout, endpoint.concurrency) == (timedelta(seconds=15), 4)
    assert endpoint.wants(notice())
    assert endpoint.wants(notice("sla.warning", queue=None, brand="other"))


@pytest.mark.parametrize(
    ("filters", "given", "wanted"),
    [
        ({"types": ["issue.routed"]}, {"kind": "issue.routed"}, True),
        ({"types": ["issue.routed"]}, {"kind": "sla.met"}, False),
        ({"queues": ["content", "product"]}, {"queue": "content"}, True),
        ({"queues": ["product"]}, {"queue": "content"}, False),
        ({"queues": ["product"]}, {"queue": None}, False),
        ({"brands": ["nilgoon"]}, {"brand": "nilgoon"}, True),
        ({"brands": ["nilgoon"]}, {"brand": "default"}, False),
        ({"types": ["sla.met"], "queues": ["content"], "brands": ["nilgoon"]}, {"kind": "sla.met"}, True),
        ({"types": ["sla.met"], "queues": ["product"], "brands": ["nilgoon"]}, {"kind": "sla.met"}, False),
    ],
)
def test_an_endpoint_is_told_what_passes_all_its_filters(
    file: Path, filters: dict[str, Any], given: dict[str, Any], *, wanted: bool
) -> None:
    endpoints = loaded(file, entry(**filters), entry(id="all"))
    expected = ["care", "all"] if wanted else ["all"]
    assert [endpoint.id for endpoint in endpoints.matching(notice(**given))] == expected


def test_secrets_come_from_the_environment_and_from_files(file: Path, tmp_path: Path) -> None:
    (tmp_path / "old").write_text(str(Secret(b"o" * 24)) + "\n")
    secrets = [{"secret_env": "CARE_SECRET"}, {"secret_file": str(tmp_path / "old")}]
    assert loaded(file, entry(secrets=secrets))["care"].secrets == (SECRET, Secret(b"o" * 24))


def test_placeholders_in_a_url_are_filled(file: Path) -> None:
    url = "https://${CARE_HOST}:${CARE_PORT:-8443}/hook"
    assert loaded(file, entry(url=url))["care"].url == "https://care.example:8443/hook"


def test_a_disabled_endpoint_needs_no_secret_yet(file: Path) -> None:
    off = entry(id="later", enabled=False, secrets=[{"secret_env": "NOT_YET"}])
    assert [endpoint.id for endpoint in loaded(file, entry(), off)] == ["care"]


def test_an_endpoint_may_exist_only_where_a_variable_is_set(file: Path) -> None:
    given = [entry(), entry(id="demo", if_set="CARE_DEMO", url="https://${CARE_DEMO}/")]
    assert [endpoint.id for endpoint in loaded(file, *given)] == ["care"]
    there = Endpoints.load(file, ENVIRONMENT | {"CARE_DEMO": "demo.example"})
    assert [endpoint.url for endpoint in there] == ["https://care.example/hook", "https://demo.example/"]


def test_an_empty_file_is_no_endpoints(file: Path) -> None:
    file.write_text("# nobody yet\n")
    assert len(Endpoints.load(file, {})) == 0


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"id": "Care Team"}, "pattern"),
        ({"url": "http://care.example/"}, "use https"),
        ({"url": "https://10.0.0.7/"}, "allow_private"),
        ({"url": "https://169.254.169.254/", "allow_private": True}, "never a receiver"),
        ({"url": "https://${UNSET}/"}, "UNSET is not set"),
        ({"url": 7}, "string"),
        ({"secrets": []}, "at least 1"),
        ({"secrets": [{"secret_env": "CARE_SECRET"}] * 3}, "at most 2"),
        ({"secrets": [{"secret_env": "UNSET"}]}, "UNSET is not set"),
        ({"secrets": [{"secret_env": "CARE_HOST"}]}, "begins with 'whsec_'"),
        ({"secrets": [{"secret_file": "/nowhere/secret"}]}, "/nowhere/secret cannot be read"),
        ({"secrets": [{"secret_file": "/nowhere/secret", "secret_env": "CARE_SECRET"}]}, "write 'secret_env"),
        ({"types": ["issue.vanished"]}, "known: issue.routed"),
        ({"queues": ["sales"]}, "customer-care"),
        ({"timeout": 0}, "1 second"),
        ({"timeout": 300}, "20 seconds"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"colour": "blue"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file: Path, over: dict[str, Any], told: str) -> None:
    assert told in refused(file, entry(**over))


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(file: Path) -> None:
    written = str(Secret(b"w" * 32))
    message = refused(file, entry(secrets=[written]), entry(id="two", secrets=[{"secret": written}]))
    assert "does not stand in this file" in message
    assert written not in message


def test_an_id_given_twice_is_refused(file: Path) -> None:
    assert "['care'] are given more than once" in refused(file, entry(), entry())


@pytest.mark.parametrize("text", ["{", "care: {}", "7", "- 7", "- [a]", "\x00"])
def test_what_is_no_list_of_endpoints_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidSettings):
        Endpoints.load(file, {})


def test_a_missing_file_is_told(file: Path) -> None:
    with pytest.raises(InvalidSettings, match="No such file"):
        Endpoints.load(file, {})


def test_the_sample_file_tells_the_demos_receiver_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(str(SECRET))
    environment = {
        "SHENAVA_DEMO_RECEIVER_URL": "http://127.0.0.1:9000/hooks/care",
        "SHENAVA_DEMO_RECEIVER_SECRET_FILE": str(tmp_path / "secret"),
    }
    sample = ROOT / "config" / "endpoints.yaml"
    (endpoint,) = Endpoints.load(sample, environment)
    assert (endpoint.id, endpoint.url) == ("demo-receiver", "http://127.0.0.1:9000/hooks/care")
    assert endpoint.wants(notice("issue.routed", queue=None))
    assert len(Endpoints.load(sample, {})) == 0


def test_a_key_that_is_given_twice_is_refused_with_its_line(file: Path) -> None:
    file.write_text("- id: care\n  url: https://care.example/a\n  url: https://care.example/b\n", "utf-8")
    with pytest.raises(InvalidSettings, match=r"line 3: \[0\]\.url is given twice; keep one"):
        Endpoints.load(file)


def test_a_file_of_aliases_that_unfold_without_end_is_refused(file: Path) -> None:
    steps = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    file.write_text(f"a0: &a0 [x]\n{steps}", "utf-8")
    with pytest.raises(InvalidSettings, match="unfolds to more than"):
        Endpoints.load(file)
