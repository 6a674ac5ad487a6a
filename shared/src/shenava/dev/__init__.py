"""The development kit: real Apache Kafka and PostgreSQL as child processes, without root, Docker or a system Java."""
