"""One consumer group: its ledger, the members that live in it, what is sent to it, and what the broker says about it."""

import json
import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from ledger import Difference, Ledger
from members import PATIENCE_S

ODRADEK = os.environ["ODRADEK"]   # its `call` is the admin client, whoever the broker is
SHARES = {"range": lambda counts, members: [sum((count + members - 1 - i) // members for count in counts) for i in range(members)]}


def balanced(counts, members):
    return [(sum(counts) + members - 1 - i) // members for i in range(members)]


def call(bootstrap, api, fields, version=None):
    """The answer, once the coordinator is there."""
    which = ["--version", str(version)] if version is not None else []
    said = subprocess.run([ODRADEK, "call", *which, bootstrap, api, json.dumps(fields)], stdout=subprocess.PIPE, check=True)
    return json.loads(said.stdout)


class Group:
    COUNTS = [4, 3]   # partitions of its topics: assignors differ where it has more than one

    def __init__(self, bootstrap, name, members):
        self.bootstrap, self.name, self.clients = bootstrap, name, members
        self.counts = {f"{name}-{letter}": count for letter, count in zip("abcd", self.COUNTS)}
        self.ledger = Ledger(self.names(self.counts))
        self.alive, self.holding, self.refused, self.dead, self.answer = set(), set(), set(), set(), None
        self.serial, self.since = 0, time.monotonic()
        members.listeners[name] = self.take
        self.create(self.counts)

    @staticmethod
    def names(counts):
        return [f"{topic}:{index}" for topic, count in counts.items() for index in range(count)]

    @property
    def topics(self):
        return ",".join(self.counts)

    def say(self, what):
        print(f"{time.monotonic() - self.since:5.1f} s  {self.name}: {what}", flush=True)

    # ---- events --------------------------------------------------------------------------------------------------------

    def take(self, member, what, rest):
        if member.endswith("/admin"):
            self.answer = rest
        elif what == "refused":
            self.refused.add(member)
        elif member in self.alive:
            self.of_member(member, what, rest)

    def of_member(self, member, what, rest):
        if what == "assigned":
            self.ledger.assigned(member, rest)
        elif what in ("revoked", "lost"):
            self.ledger.revoked(member, rest)
        elif what == "read":
            self.ledger.read(member, rest[0], int(rest[1]), rest[2])
        elif what == "died":
            self.dead.add(member)
        elif what == "holds":
            self.holding.add(member)
        elif what == "gone":
            self.ledger.gone(member)
            self.alive.discard(member)
        else:
            raise Difference(f"{member} says {what}")

    # ---- what is done to it --------------------------------------------------------------------------------------------

    def create(self, counts):
        topics = [{"name": topic, "numPartitions": count, "replicationFactor": 1} for topic, count in counts.items()]
        for topic in call(self.bootstrap, "CreateTopics", {"topics": topics, "timeoutMs": 30000})["topics"]:
            if topic["errorCode"]:
                raise RuntimeError(f"CreateTopics: {topic}")

    def send(self, count=200, topics=None):
        """That many records to each topic, each to any partition."""
        for topic in topics or self.counts:
            values = [f"{topic}-{self.serial + i}" for i in range(count)]
            self.serial += count
            with self.clients.changed:
                self.ledger.sent(values)
            subprocess.run(self.sender(topic), input="\n".join(values).encode(), check=True, timeout=PATIENCE_S)

    def sender(self, topic):
        if "SENDER" in os.environ:
            return os.environ["SENDER"].split() + [self.bootstrap, topic]
        return ["kcat", "-q", "-P", "-b", self.bootstrap, "-t", topic, "-X", "sticky.partitioning.linger.ms=0", "-X", "enable.idempotence=true"]

    @contextmanager
    def sending(self):
        """All the while, and at least once."""
        enough = threading.Event()
        with ThreadPoolExecutor() as pool:
            sent = pool.submit(self.keep_sending, enough)
            try:
                yield
            finally:
                enough.set()
        sent.result()

    def keep_sending(self, enough):
        self.send(20)
        while not enough.wait(0.05):
            self.send(20)

    def join(self, member, topics=None, **how):
        with self.clients.changed:
            self.alive.add(f"{self.name}/{member}")
        self.clients.join(f"{self.name}/{member}", self.name, topics or self.topics, **how)

    def hold(self, member):
        self.clients.tell(f"{self.name}/{member}", "hold")
        self.wait(lambda: f"{self.name}/{member}" in self.holding, f"{member} does not hold")

    def leave(self, member):
        full = f"{self.name}/{member}"
        self.clients.tell(full, "leave")
        self.wait(lambda: full not in self.alive, f"{member} does not leave")
        self.clients.left(full)

    def kill(self, member):
        """Returns how many records it had read without committing them, which somebody else has to read again."""
        full = f"{self.name}/{member}"
        if self.clients.kill(full):   # what it reads until then counts
            self.wait(lambda: full in self.dead, f"{member} does not die")
        with self.clients.changed:
            self.alive.discard(full)
            return self.ledger.died(full, self.committed())

    def more(self, topic, count):
        """One more topic, that a pattern finds."""
        with self.clients.changed:
            self.counts[topic] = count
            self.ledger.more(self.names({topic: count}))
        self.create({topic: count})

    def forget(self, member):
        with self.clients.changed:
            self.alive.discard(f"{self.name}/{member}")
            self.ledger.gone(f"{self.name}/{member}")

    # ---- questions -----------------------------------------------------------------------------------------------------

    def wait(self, true, what):
        self.clients.wait(true, lambda: f"{self.name}: {what() if callable(what) else what}")

    def owns_all(self, assignor):
        expected = SHARES.get(assignor, balanced)(list(self.counts.values()), len(self.alive))
        return self.ledger.shares(self.alive) == sorted(expected)

    def settle(self, assignor):
        """Until all partitions are shared as the assignor shares them, and all that was sent is read."""
        self.wait(lambda: self.owns_all(assignor) and not self.ledger.unread, lambda: (
            f"{len(self.ledger.unread)} records are not read, the {len(self.alive)} members own "
            f"{ {m: self.ledger.owned(m) for m in sorted(self.alive)} }"))

    def settle_committed(self, assignor):
        self.settle(assignor)
        self.wait(lambda: self.committed() == self.ledger.next,
                  lambda: f"committed is {self.committed()}, read is {self.ledger.next}")

    def committed(self):
        """By partition."""
        asked = {"groups": [{"groupId": self.name, "topics": None}]}
        group = call(self.bootstrap, "OffsetFetch", asked, 9)["groups"][0]
        if group["errorCode"]:
            return {}
        return {f"{topic['name']}:{p['partitionIndex']}": p["committedOffset"] for topic in group["topics"] for p in topic["partitions"]}

    def state(self, consumer=False):
        """STATE and the number of members."""
        if consumer:
            group = call(self.bootstrap, "ConsumerGroupDescribe", {"groupIds": [self.name]})["groups"][0]
        else:
            group = call(self.bootstrap, "DescribeGroups", {"groups": [self.name]})["groups"][0]
        return f"{group['groupState']} {len(group['members'])}" if not group["errorCode"] else f"error {group['errorCode']}"

    def wait_state(self, state, consumer=False):
        self.wait(lambda: self.state(consumer) == state, lambda: f"is {self.state(consumer)}, not {state}")

    def ask(self, words):
        """Java's Admin client."""
        with self.clients.changed:
            self.answer = None
            self.clients.write(self.clients.host, f"{words[0]} {self.name} {' '.join(words[1:])}".rstrip())
        self.wait(lambda: self.answer is not None, "no answer")
        return self.answer

    def check_admin(self, protocol):
        """What Java's Admin client says in the end, where there is one."""
        if not self.clients.several:
            return
        committed = {p: int(offset) for p, offset in (word.rsplit(":", 1) for word in self.ask(["committed"]))}
        described = self.ask(["describe"])
        if committed != self.ledger.next or described[:2] + described[3:] != ["Empty", protocol.capitalize(), "0"]:
            raise RuntimeError(f"the admin client says {committed} and {described}")
