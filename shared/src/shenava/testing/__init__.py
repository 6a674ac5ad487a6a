"""The testing kit: builders of events, a clock that stands still, Kafka in memory, waiting for conditions."""
