"""Sends the lines of stdin, by confluent-kafka: sender.py BOOTSTRAP TOPIC. Ends when all are acknowledged, and, unlike kcat, does not when
the broker is away meanwhile."""

import sys

from confluent_kafka import Producer

PATIENCE_S = 60


def on_delivery(error, _):
    if error:
        sys.exit(f"sender: {error}")


def main(bootstrap, topic):
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "sticky.partitioning.linger.ms": 0, "log_level": 2,
                         "reconnect.backoff.max.ms": 500})
    for line in sys.stdin:
        producer.produce(topic, line.rstrip("\n"), on_delivery=on_delivery)
    if producer.flush(PATIENCE_S):
        sys.exit("sender: not all is acknowledged")


main(*sys.argv[1:])
