"""docker-compose.yml and the Dockerfile agree with the settings, the services and each other; no engine is needed."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenava.db.bootstrap import SCHEMAS
from shenava.settings import Group, ProcessSettings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("ingestor", "sentiment", "router", "sla-watcher", "metrics-api")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def known_variables() -> set[str]:
    """Every environment variable that some settings group reads, and the two that commands read themselves."""
    for name in OURS:
        import_module(f"{name.replace('-', '_')}.__main__")
    found = {"SHENAVA_ADMIN_DSN", "SHENAVA_SECRETS_DIR"}
    waiting: list[type[Group]] = list(Group.__subclasses__())
    while waiting:
        group = waiting.pop()
        waiting += group.__subclasses__()
        prefix = str(group.model_config.get("env_prefix", ""))
        found |= {(prefix + field).upper() for field in group.model_fields}
    return found


def test_every_variable_that_compose_sets_is_one_that_the_code_reads() -> None:
    known = known_variables()
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if variable.startswith("SHENAVA_"):
                assert variable in known, f"{name} sets {variable}, which nothing reads"


@pytest.mark.parametrize("name", OURS)
def test_every_service_runs_from_an_image_that_is_built_for_it(name: str) -> None:
    assert SERVICES[name]["image"] == f"shenava/{name}"
    builds = [
        s["build"]["args"]["SERVICE"] for s in SERVICES.values() if s.get("image") == f"shenava/{name}" and "build" in s
    ]
    assert builds
    assert set(builds) == {name}
    assert (ROOT / "requirements" / f"{name}.lock").exists()
    assert (ROOT / "services" / name / "pyproject.toml").exists()


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_given_longer_to_stop_than_it_takes(name: str) -> None:
    grace = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert grace > ProcessSettings().drain_timeout.total_seconds() + 10


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_service_with_tables_starts_after_its_migration_with_its_own_role(name: str) -> None:
    migration = SERVICES[f"{name}-migrate"]
    assert migration["command"] == ["migrate"]
    assert SERVICES[name]["depends_on"][f"{name}-migrate"] == {"condition": "service_completed_successfully"}
    for each in (migration, SERVICES[name]):
        assert each["environment"]["SHENAVA_POSTGRES_DSN"].startswith(f"postgresql://{SCHEMAS[name]}:")


def test_every_kafka_client_is_told_where_kafka_listens() -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].removeprefix("PLAINTEXT://")
    for name in (*OURS, "topics"):
        assert SERVICES[name]["environment"]["SHENAVA_KAFKA_BOOTSTRAP"] == advertised


def test_published_ports_lead_to_the_port_that_the_image_listens_on() -> None:
    port = re.search(r"SHENAVA_HTTP_PORT=(\d+)", DOCKERFILE)
    assert port
    assert f"EXPOSE {port[1]}" in DOCKERFILE
    published = [mapping for s in SERVICES.values() for mapping in s.get("ports", [])]
    assert published
    assert all(mapping.endswith(f":{port[1]}") for mapping in published)
    assert len({mapping.rsplit(":", 1)[0] for mapping in published}) == len(published)


def test_everything_that_lasts_has_a_health_check() -> None:
    assert "/readyz" in DOCKERFILE
    for name in ("kafka", "postgres"):
        assert SERVICES[name]["healthcheck"]["test"]


def test_no_secret_has_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in str(value) or variable.endswith("PASSWORD"):
                assert ":?" in str(value), f"{name}.{variable} would run with a password that everybody knows"


def test_named_volumes_networks_and_secrets_exist() -> None:
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()


def test_the_image_copies_only_what_the_build_context_lets_in() -> None:
    allowed = (ROOT / ".dockerignore").read_text("utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
    for source in " ".join(copied).split():
        top = source.replace("${SERVICE}", "*").split("/")[0]
        assert f"!{top}/" in allowed, f"the Dockerfile copies {source}, which .dockerignore keeps out"
