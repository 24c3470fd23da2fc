"""A kafka-python client that sends the interop data set, and fetches it and checks every byte.

  kafka_python.py produce BOOTSTRAP COUNT PREFIX KIND...   creates topic PREFIX-KIND and sends COUNT records, for each KIND
  kafka_python.py fetch BOOTSTRAP COUNT TOPIC...           expects exactly these COUNT records in each topic
KIND is a codec (none gzip snappy lz4 zstd: acks=all, not idempotent), idempotent, acks-1 or acks-0.
"""

import sys
import time

import kafka
from kafka.admin import KafkaAdminClient

from records import PARTITIONS, Check, Difference, Record, main, record, timestamp

PATIENCE = 30


def settings(kind):
    if kind == "idempotent":
        return {"enable_idempotence": True}
    if kind.startswith("acks-"):
        return {"enable_idempotence": False, "acks": int(kind[5:])}
    codec = None if kind == "none" else kind
    return {"enable_idempotence": False, "acks": "all", "compression_type": codec}


def create(bootstrap, topics):
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    how = {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": {"retention.ms": "-1"}}
    admin.create_topics({topic: how for topic in topics}, wait_for_metadata=True)
    admin.close()
    await_partitions(bootstrap, [kafka.TopicPartition(topic, p) for topic in topics for p in range(PARTITIONS)])


def await_partitions(bootstrap, partitions):
    """A refusal by a partition that does not serve yet would be retried, and so change the order."""
    consumer = kafka.KafkaConsumer(bootstrap_servers=bootstrap)
    consumer.end_offsets(partitions)
    consumer.close()


def produce(bootstrap, count, topic, kind):
    start = time.monotonic()
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, **settings(kind))
    futures = []
    for number in range(count):
        r = record(number)
        futures.append(producer.send(topic, r.value, key=r.key, headers=r.headers, partition=number % PARTITIONS,
                                     timestamp_ms=r.timestamp))
    producer.flush(PATIENCE)
    for future in futures:
        future.get(PATIENCE)
    producer.close()
    print(f"produce {topic}: {count} records in {time.monotonic() - start:.2f} s", flush=True)


def await_ends(consumer, topic, partitions, count):
    """acks=0 may still be under way, so the end may take a moment to come."""
    deadline = time.monotonic() + PATIENCE
    expected = {tp: len(range(tp.partition, count, PARTITIONS)) for tp in partitions}
    while (ends := consumer.end_offsets(partitions)) != expected:
        if time.monotonic() > deadline:
            raise Difference(f"{topic} ends at {ends}, expected {expected}")


def check_time_lookup(consumer, tp, count):
    """The first offset at or after a time stamp; the answer must be the first such record."""
    numbers = range(tp.partition, count, PARTITIONS)
    for number in numbers[:: len(numbers) // 4]:
        moment = timestamp(number) - 5
        expected = next(i for i, n in enumerate(numbers) if timestamp(n) >= moment)
        got = consumer.offsets_for_times({tp: moment})[tp]
        if (got.offset, got.timestamp) != (expected, timestamp(numbers[expected])):
            raise Difference(f"{tp}: the first offset at or after {moment} is {expected}, got {got}")


def fetch(consumer, count, topic):
    start = time.monotonic()
    partitions = [kafka.TopicPartition(topic, p) for p in range(PARTITIONS)]
    consumer.assign(partitions)
    await_ends(consumer, topic, partitions, count)
    consumer.seek_to_beginning(*partitions)
    check = Check(topic, count)
    while check.missing():
        batches = consumer.poll(timeout_ms=PATIENCE * 1000)
        for tp, messages in batches.items():
            for m in messages:
                check.take(tp.partition, m.offset, Record(m.timestamp, m.key, m.value, list(m.headers)))
        if not batches:
            break
    check.finish()
    for tp in partitions:
        check_time_lookup(consumer, tp, count)
    print(f"fetch {topic}: {count} records in {time.monotonic() - start:.2f} s", flush=True)


def act(verb="", bootstrap="", count=0, *rest):
    if verb == "produce" and rest:
        prefix, *kinds = rest
        create(bootstrap, [f"{prefix}-{kind}" for kind in kinds])
        for kind in kinds:
            produce(bootstrap, int(count), f"{prefix}-{kind}", kind)
    elif verb == "fetch" and rest:
        consumer = kafka.KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, max_poll_records=5000,
                                       fetch_max_wait_ms=100)
        for topic in rest:
            fetch(consumer, int(count), topic)
        consumer.close()
    else:
        sys.exit(__doc__)


main(act)
