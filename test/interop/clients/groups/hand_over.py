"""Groups whose broker changes under them, one of each protocol: their members live on while one broker leaves the directory and another
one takes it over, and do not notice. hand_over.sh says when; the last word is the BOOTSTRAP, all of them the program in which the
members live.

  change N WHO       the groups read what is sent now; then, in turn, somebody comes or goes
  remember WHO       what the broker says about groups
  compare WHO HOW    says the next one the same, and did no member take part in a rebalance; the one before was stopped or killed
"""

import json
import signal
import sys
import time

from group import Group, call
from members import PATIENCE_S, Members

LOADING = (14, 15, 16)   # errors of a coordinator that is not there yet
CLASSIC = {"session": 60000, "assignor": "cooperative-sticky"}
CONSUMER = {"group.protocol": "consumer", "group.remote.assignor": "uniform"}
PROTOCOLS = {"classic": CLASSIC, "modern": CONSUMER}   # by group


def in_order(value):
    """In what order topics and partitions are said means nothing."""
    if isinstance(value, dict):
        return {name: in_order(field) for name, field in value.items()}
    return sorted(map(in_order, value), key=json.dumps) if isinstance(value, list) else value


class HandOver:
    def __init__(self, program):
        self.bootstrap = program[-1]
        self.clients = Members(program, True)
        self.groups, self.before, self.changes = [], None, None

    def change(self, number, _):
        if number == "1":
            self.groups = [Group(self.bootstrap, name, self.clients) for name in PROTOCOLS]
            for group in self.groups:
                self.join(group, "a", instance="first")
                self.join(group, "b")
        self.read()
        for group in self.groups:
            if number in "24":
                self.join(group, "c")
            elif number in "35":
                group.leave("c")
        self.read()
        self.commit(int(number))
        return ", ".join(f"{group.name} has read {sum(group.ledger.next.values())} records" for group in self.groups)

    def join(self, group, member, **how):
        how["metadata.recovery.strategy"] = "none"   # else the group's leader forgets the topics and has to assign them again
        group.join(member, **PROTOCOLS[group.name], **how)

    def read(self):
        for group in self.groups:
            group.send()
        for group in self.groups:
            group.settle_committed("uniform")
            group.wait_state(f"Stable {len(group.alive)}", group.name == "modern")

    def commit(self, number):
        """Offsets of a group without members, with words beside them."""
        partitions = [{"partitionIndex": i, "committedOffset": number * 10 + i, "committedMetadata": f"hop {number}"} for i in range(3)]
        asked = {"groupId": "simple", "generationIdOrMemberEpoch": -1, "memberId": "", "topics": [
            {"name": "classic-a", "partitions": partitions}]}
        for partition in call(self.bootstrap, "OffsetCommit", asked, 9)["topics"][0]["partitions"]:
            if partition["errorCode"]:
                raise RuntimeError(f"OffsetCommit: {partition}")

    def remember(self, _):
        self.before = self.view()
        self.changes = self.rebalances()
        self.clients.host.send_signal(signal.SIGSTOP)   # the members sleep until the next broker knows them
        return f"{len(self.before)} facts"

    def compare(self, who, how):
        if who == "kafka" and how == "killed":
            self.touch()
        deadline = time.monotonic() + PATIENCE_S
        while (view := self.view()) != self.before:
            if time.monotonic() > deadline:
                raise RuntimeError("\n".join(f"{name}\n    was {was}\n    is  {(view or {}).get(name)}" for name, was in self.before.items()
                                             if (view or {}).get(name) != was))
            time.sleep(0.05)
        self.clients.host.send_signal(signal.SIGCONT)
        self.read()
        if self.rebalances() != self.changes:
            raise RuntimeError(f"members took part in a rebalance: {self.changes}, now {self.rebalances()}")
        return f"{len(view)} facts as before, and no rebalance"

    def touch(self):
        """Apache Kafka, while it becomes the leader of partitions that it led when it was killed, may read half of what is in them; it
        notices, and reads again, when the first record is written. So here are some, of groups that are not looked at, for each partition."""
        for name in map(str, range(8)):
            asked = {"groupId": name, "generationIdOrMemberEpoch": -1, "memberId": "", "topics": [
                {"name": "classic-a", "partitions": [{"partitionIndex": 0, "committedOffset": 0}]}]}
            deadline = time.monotonic() + PATIENCE_S
            while call(self.bootstrap, "OffsetCommit", asked, 9)["topics"][0]["partitions"][0]["errorCode"]:
                if time.monotonic() > deadline:
                    raise RuntimeError("the coordinator does not come")
                time.sleep(0.1)

    def rebalances(self):
        """How many each member has seen."""
        return {member: count for group in self.groups for member, count in group.ledger.changes.items()}

    def view(self):
        """Everything that is known about the groups, or None while it is not known yet."""
        names = ["classic", "modern", "simple"]
        described = call(self.bootstrap, "DescribeGroups", {"groups": ["classic", "simple"]})["groups"]
        described += call(self.bootstrap, "ConsumerGroupDescribe", {"groupIds": ["modern"]})["groups"]
        listed = call(self.bootstrap, "ListGroups", {})
        fetched = call(self.bootstrap, "OffsetFetch", {"groups": [{"groupId": name, "topics": None} for name in names]}, 9)["groups"]
        if any(said["errorCode"] in LOADING for said in described + [listed] + fetched):
            return None
        facts = {f"list {group['groupId']}": group for group in listed["groups"] if group["groupId"] in names}
        for group in described:
            facts |= {f"member {member['memberId']}": member for member in group.pop("members")}
            facts[f"describe {group['groupId']}"] = group
        for group in fetched:
            facts |= {f"committed {group['groupId']} {topic['name']}:{p['partitionIndex']}": p
                      for topic in group["topics"] for p in topic["partitions"]}
        return in_order(facts)


def main(program):
    life = HandOver(program)
    for line in sys.stdin:
        word, *rest = line.split()
        try:
            print(f"done: {line.strip()}: {getattr(life, word)(*rest)}", flush=True)
        except Exception as e:
            print(e, flush=True)
            print(f"failed: {line.strip()}", flush=True)
    life.clients.end()


main(sys.argv[1:])
