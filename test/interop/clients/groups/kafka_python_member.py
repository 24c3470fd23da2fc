"""One member of a consumer group, by kafka-python: members.py says what it is told and what it says.

  kafka_python_member.py BOOTSTRAP join GROUP/MEMBER GROUP TOPIC[,TOPIC] assignor=range|roundrobin|sticky|cooperative-sticky session=MS
"""

import select
import sys

import kafka
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

ASSIGNORS = {assignor.name: assignor for assignor in (
    RangePartitionAssignor, RoundRobinPartitionAssignor, StickyPartitionAssignor, CooperativeStickyAssignor)}


class Member(kafka.ConsumerRebalanceListener):
    def __init__(self, bootstrap, name, group, topics, assignor, session):
        self.name, self.holds, self.uncommitted = name, False, False
        self.consumer = kafka.KafkaConsumer(
            bootstrap_servers=bootstrap, client_id=name, group_id=group, partition_assignment_strategy=[ASSIGNORS[assignor]],
            session_timeout_ms=int(session), heartbeat_interval_ms=300, auto_offset_reset="earliest", enable_auto_commit=False,
            fetch_max_wait_ms=50, metadata_max_age_ms=1000)
        for topic in topics.split(","):   # known first: kafka-python hangs if it joins again for their sake while a poll ends
            self.consumer.partitions_for_topic(topic)
        self.consumer.subscribe(topics.split(","), listener=self)

    def say(self, *words):
        sys.stdout.write(" ".join(map(str, (self.name,) + words)) + "\n")
        sys.stdout.flush()

    def commit(self):
        if self.uncommitted and not self.holds:
            self.consumer.commit()
            self.uncommitted = False

    def on_partitions_assigned(self, assigned):
        self.say("assigned", *(f"{tp.topic}:{tp.partition}" for tp in assigned))

    def on_partitions_revoked(self, revoked):
        self.commit()
        self.say("revoked", *(f"{tp.topic}:{tp.partition}" for tp in revoked))

    def poll(self):
        for tp, messages in self.consumer.poll(timeout_ms=300).items():
            for message in messages:
                self.say("read", f"{tp.topic}:{tp.partition}", message.offset, message.value.decode())
                self.uncommitted = True
        self.commit()

    def live(self):
        told = ""
        while not told.endswith("leave"):
            self.poll()
            if select.select([sys.stdin], [], [], 0)[0]:
                told = sys.stdin.readline().strip() or "leave"
                if told.endswith("hold"):
                    self.holds = True
                    self.say("holds")
        self.consumer.close()
        self.say("gone")


def main(bootstrap, _, name, group, topics, *how):
    Member(bootstrap, name, group, topics, **dict(word.split("=") for word in how)).live()


main(*sys.argv[1:])
