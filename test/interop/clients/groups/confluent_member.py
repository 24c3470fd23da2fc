"""One member of a consumer group, by confluent-kafka (librdkafka), in the consumer protocol: members.py says what it is told and what it
says.

  confluent_member.py BOOTSTRAP join GROUP/MEMBER GROUP TOPIC[,TOPIC] group.protocol=consumer group.remote.assignor=uniform|range
"""

import select
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException

COMMIT_EVERY = 50
# What a broker that ends and comes back makes of a commit, which is done again.
PASSING = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._WAIT_COORD, KafkaError._DESTROY,
           KafkaError.REQUEST_TIMED_OUT, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE,
           KafkaError.NOT_COORDINATOR, KafkaError.STALE_MEMBER_EPOCH}


class Member:
    def __init__(self, bootstrap, name, group, topics, settings):
        self.name, self.holds, self.uncommitted = name, False, 0
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "client.id": name, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "fetch.wait.max.ms": 50, "topic.metadata.refresh.interval.ms": 1000,
            "reconnect.backoff.max.ms": 500, "log_level": 2, **settings})
        self.consumer.subscribe(topics.split(","), on_assign=self.on_assign, on_revoke=self.on_revoke, on_lost=self.on_lost)

    def say(self, *words):
        sys.stdout.write(" ".join(map(str, (self.name,) + words)) + "\n")
        sys.stdout.flush()

    def tell(self, what, partitions):
        self.say(what, *(f"{tp.topic}:{tp.partition}" for tp in partitions))

    def commit(self):
        if self.holds or not self.uncommitted:
            return
        try:
            self.consumer.commit(asynchronous=False)
            self.uncommitted = 0
        except KafkaException as e:
            if e.args[0].code() not in PASSING:
                raise

    def on_assign(self, _, partitions):
        self.tell("assigned", partitions)
        self.consumer.incremental_assign(partitions)

    def on_revoke(self, _, partitions):
        self.commit()
        self.tell("revoked", partitions)
        self.consumer.incremental_unassign(partitions)

    def on_lost(self, _, partitions):
        self.tell("lost", partitions)
        self.consumer.incremental_unassign(partitions)

    def read(self):
        message = self.consumer.poll(0.05)
        if message is None:
            self.commit()
        elif message.error():
            raise KafkaException(message.error())
        else:
            self.say("read", f"{message.topic()}:{message.partition()}", message.offset(), message.value().decode())
            self.uncommitted += 1
            if self.uncommitted >= COMMIT_EVERY:
                self.commit()

    def live(self):
        told = ""
        while not told.endswith("leave"):
            self.read()
            if select.select([sys.stdin], [], [], 0)[0]:
                told = sys.stdin.readline().strip() or "leave"
                if told.endswith("hold"):
                    self.holds = True
                    self.say("holds")
        self.commit()
        self.consumer.close()
        self.say("gone")


def main(bootstrap, _, name, group, topics, *how):
    Member(bootstrap, name, group, topics, dict(word.split("=") for word in how)).live()


main(*sys.argv[1:])
