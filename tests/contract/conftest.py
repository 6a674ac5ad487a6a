"""The suite runs against Kafka in memory and against Apache Kafka."""

from datetime import timedelta

import pytest

from contract.kafka_harness import Cluster, MemoryCluster, RealCluster
from servers import Topics


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.servers)])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """One of the two."""
    if request.param == "memory":
        return MemoryCluster()
    topics: Topics = request.getfixturevalue("topic_factory")
    short = {"request_timeout": timedelta(seconds=3), "metadata_max_age": timedelta(milliseconds=500)}
    impatient = topics.settings.model_copy(update=short)
    return RealCluster(impatient, topics)
