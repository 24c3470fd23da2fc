"""One member of a consumer group, by aiokafka: members.py says what it is told and what it says.

  aiokafka_member.py BOOTSTRAP join GROUP/MEMBER GROUP TOPIC[,TOPIC] assignor=range|roundrobin|sticky session=MS
"""

import asyncio
import logging
import sys

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

ASSIGNORS = {assignor.name: assignor for assignor in (RangePartitionAssignor, RoundRobinPartitionAssignor, StickyPartitionAssignor)}


class Member(ConsumerRebalanceListener):
    def __init__(self, bootstrap, name, group, topics, assignor, session):
        self.name, self.holds, self.uncommitted, self.leaves = name, False, False, False
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, client_id=name, group_id=group, partition_assignment_strategy=[ASSIGNORS[assignor]],
            session_timeout_ms=int(session), heartbeat_interval_ms=300, auto_offset_reset="earliest", enable_auto_commit=False,
            fetch_max_wait_ms=50, metadata_max_age_ms=1000)
        self.consumer.subscribe(topics.split(","), listener=self)

    def say(self, *words):
        sys.stdout.write(" ".join(map(str, (self.name,) + words)) + "\n")
        sys.stdout.flush()

    async def commit(self):
        if self.uncommitted and not self.holds:
            self.uncommitted = False
            await self.consumer.commit()

    async def on_partitions_assigned(self, assigned):
        self.say("assigned", *(f"{tp.topic}:{tp.partition}" for tp in assigned))

    async def on_partitions_revoked(self, revoked):
        if revoked:
            await self.commit()
        self.say("revoked", *(f"{tp.topic}:{tp.partition}" for tp in revoked))

    async def obey(self):
        told = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
        while not self.leaves:
            line = (await told.readline()).decode().strip() or "leave"
            self.leaves = line.endswith("leave")
            if line.endswith("hold"):
                self.holds = True
                self.say("holds")

    async def live(self):
        obeying = asyncio.create_task(self.obey())
        await self.consumer.start()
        while not self.leaves:
            for tp, messages in (await self.consumer.getmany(timeout_ms=50)).items():
                for message in messages:
                    self.say("read", f"{tp.topic}:{tp.partition}", message.offset, message.value.decode())
                    self.uncommitted = True
            await self.commit()
        await obeying
        await self.consumer.stop()
        self.say("gone")


def main(bootstrap, _, name, group, topics, *how):
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)   # it takes each rebalance for an error

    async def live():   # the consumer wants to be made inside
        await Member(bootstrap, name, group, topics, **dict(word.split("=") for word in how)).live()

    asyncio.run(live())


main(*sys.argv[1:])
