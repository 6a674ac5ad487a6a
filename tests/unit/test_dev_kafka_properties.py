"""What the nodes of a Kafka cluster are told."""

import uuid
from pathlib import Path

import pytest

from shenava.dev.kafka_properties import NodePorts, Way, kafka_id, meta_properties, server_properties

THREE = [NodePorts(20001, 20101), NodePorts(20002, 20102), NodePorts(20003, 20103)]


def _read(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_three_nodes_keep_an_acknowledged_write_when_one_is_lost() -> None:
    told = _read(server_properties(2, THREE, Path("/data")))
    assert told["node.id"] == "2"
    assert told["controller.quorum.voters"] == "1@127.0.0.1:20101,2@127.0.0.1:20102,3@127.0.0.1:20103"
    assert {value for name, value in told.items() if name.endswith("replication.factor")} == {"3"}
    assert {value for name, value in told.items() if name.endswith(("min.isr", "insync.replicas"))} == {"2"}


def test_one_node_asks_for_no_more_replicas_than_there_are() -> None:
    told = _read(server_properties(1, THREE[:1], Path("/data")))
    assert {value for name, value in told.items() if name.endswith("replication.factor")} == {"1"}
    assert {value for name, value in told.items() if name.endswith(("min.isr", "insync.replicas"))} == {"1"}


@pytest.mark.parametrize("node_id", [1, 2, 3])
def test_a_node_listens_on_the_loopback_address_only(node_id: int) -> None:
    told = _read(server_properties(node_id, THREE, Path("/data")))
    assert all("//127.0.0.1:" in listener for listener in told["listeners"].split(","))
    assert told["advertised.listeners"] == f"PLAINTEXT://127.0.0.1:{20000 + node_id}"


def test_a_further_listener_tells_its_clients_to_come_by_another_port() -> None:
    told = _read(server_properties(1, [NodePorts(20001, 20101, {"ROUTER": Way(20201, 20301)})], Path("/data")))
    assert told["listeners"].split(",")[1] == "ROUTER://127.0.0.1:20201"
    assert told["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20001,ROUTER://127.0.0.1:20301"
    assert "ROUTER:PLAINTEXT" in told["listener.security.protocol.map"].split(",")


def test_a_directory_with_persian_letters_is_written_as_java_reads_it() -> None:
    told = _read(server_properties(1, THREE[:1], Path("/home/نیل گون")))
    assert told["log.dirs"] == r"/home/\u0646\u06cc\u0644 \u06af\u0648\u0646"


def test_ids_are_as_kafka_writes_them() -> None:
    assert kafka_id(uuid.UUID(int=0)) == "A" * 22
    assert kafka_id(uuid.UUID("fbefbefb-efbe-fbef-befb-efbefbefbefb"))[0] == "A"
    assert _read(meta_properties(3, "cluster", "directory")) == {
        "version": "1",
        "cluster.id": "cluster",
        "node.id": "3",
        "directory.id": "directory",
    }
