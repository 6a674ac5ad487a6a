"""What a broker of the development kit is told: Apache Kafka in KRaft mode, every node broker and controller in one."""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Way:
    """A further listener of a broker: where it listens, and the port that it tells its clients to use instead.

    Whatever stands on the advertised port passes all that the clients of this listener say.
    """

    port: int
    advertised: int


@dataclass(frozen=True, slots=True)
class NodePorts:
    """The TCP ports of a node on 127.0.0.1: of the broker, of the controller, and of further listeners by name."""

    broker: int
    controller: int
    ways: Mapping[str, Way] = field(default_factory=dict)


def server_properties(node_id: int, cluster: Sequence[NodePorts], data: Path) -> str:
    """The text of ``server.properties`` for the node ``node_id``, which is the number in ``cluster``, counted from 1.

    Few threads, small buffers and internal topics, no wait before a group's first rebalance, and a short broker
    session, so that a broker that was killed serves again after two seconds; all else is as Kafka has it.
    """
    ports = cluster[node_id - 1]
    voters = ",".join(f"{number}@127.0.0.1:{each.controller}" for number, each in enumerate(cluster, 1))
    replicas = min(3, len(cluster))
    in_sync = max(1, replicas - 1)
    ways = {name: (f"{name}://127.0.0.1:{way.port}", f"{name}://127.0.0.1:{way.advertised}")
            for name, way in ports.ways.items()}  # fmt: skip
    listeners = [f"PLAINTEXT://127.0.0.1:{ports.broker}", *(own for own, _ in ways.values())]
    advertised = [f"PLAINTEXT://127.0.0.1:{ports.broker}", *(told for _, told in ways.values())]
    settings = {
        "process.roles": "broker,controller",
        "node.id": node_id,
        "controller.quorum.voters": voters,
        "listeners": ",".join([*listeners, f"CONTROLLER://127.0.0.1:{ports.controller}"]),
        "advertised.listeners": ",".join(advertised),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "CONTROLLER", *ways)),
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": json.dumps(str(data))[1:-1],  # the escapes of Java's properties, which are read as Latin-1
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "broker.session.timeout.ms": 2000,
        "broker.heartbeat.interval.ms": 300,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "background.threads": 2,
        "num.recovery.threads.per.data.dir": 1,
        "log.cleaner.dedupe.buffer.size": 2 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def meta_properties(node_id: int, cluster_id: str, directory_id: str) -> str:
    """The text of ``meta.properties`` (version 1), which marks a data directory as formatted for a node."""
    return f"version=1\ncluster.id={cluster_id}\nnode.id={node_id}\ndirectory.id={directory_id}\n"


def kafka_id(source: uuid.UUID) -> str:
    """Kafka's text of a UUID: base64 for URLs without padding; random ones never begin with a dash there."""
    text = base64.urlsafe_b64encode(source.bytes).decode().rstrip("=")
    return text if not text.startswith("-") else f"A{text[1:]}"
