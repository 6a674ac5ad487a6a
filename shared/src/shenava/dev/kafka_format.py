"""Makes data directories into those of a Kafka cluster, without starting Java for each.

What ``StorageTool format`` writes differs between clusters in nothing but two ids in ``meta.properties``; the
checkpoint with the feature levels is taken from one run of that tool, kept with the jars of the same version.
"""

import json
import os
import subprocess
import tempfile
import uuid
from pathlib import Path

from shenava.dev.kafka_jars import kafka_home
from shenava.dev.kafka_jvm import ENVIRONMENT, KafkaRuntime
from shenava.dev.kafka_properties import NodePorts, kafka_id, meta_properties, server_properties

_CHECKPOINT = "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"
_DEADLINE_SECONDS = 120


def data_directory(cluster: Path, node_id: int) -> Path:
    """Where the node ``node_id`` of the cluster in ``cluster`` keeps its log."""
    return cluster / f"node-{node_id}" / "data"


def format_cluster(directory: Path, nodes: int, runtime: KafkaRuntime) -> None:
    """Format what is not formatted yet of a cluster of ``nodes`` nodes in ``directory``.

    Raises:
        ValueError: the directory holds a cluster of another size.
    """
    cluster_id = _cluster_id(directory, nodes)
    for node_id in range(1, nodes + 1):
        data = data_directory(directory, node_id)
        if (data / "meta.properties").exists():
            continue
        checkpoint = data / _CHECKPOINT
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write_bytes(_bootstrap_checkpoint(runtime))
        # The last thing written, because Kafka takes it as the sign that the directory is formatted.
        (data / "meta.properties").write_text(meta_properties(node_id, cluster_id, kafka_id(uuid.uuid4())))


def _cluster_id(directory: Path, nodes: int) -> str:
    identity = directory / "cluster.json"
    if not identity.exists():
        identity.write_text(json.dumps({"id": kafka_id(uuid.uuid4()), "nodes": nodes}))
    known = json.loads(identity.read_text())
    if known["nodes"] != nodes:
        raise ValueError(
            f"{directory} holds a Kafka cluster of {known['nodes']} nodes and {nodes} were asked for: "
            "ask for as many as it has, or choose another directory"
        )
    return str(known["id"])


def _bootstrap_checkpoint(runtime: KafkaRuntime) -> bytes:
    kept = kafka_home() / "bootstrap.checkpoint"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as scratch:
            data = Path(scratch) / "data"
            properties = Path(scratch) / "server.properties"
            properties.write_text(server_properties(1, [NodePorts(broker=1, controller=2)], data))
            _run_storage_tool(runtime, properties)
            fresh = kept.with_suffix(f".{os.getpid()}")
            fresh.write_bytes((data / _CHECKPOINT).read_bytes())
            fresh.replace(kept)
    return kept.read_bytes()


def _run_storage_tool(runtime: KafkaRuntime, properties: Path) -> None:
    arguments = ["kafka.tools.StorageTool", "format", "-t", kafka_id(uuid.uuid4()), "-c", str(properties)]
    finished = subprocess.run(
        runtime.command(arguments, heap="128m"),
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )
    if finished.returncode != 0:
        raise RuntimeError(f"Kafka's StorageTool could not format a directory: {finished.stderr or finished.stdout}")
