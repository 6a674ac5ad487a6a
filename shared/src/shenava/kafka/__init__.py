"""The consumer loop and the producer: the law of delivery, over a port that Kafka or memory can stand behind."""
