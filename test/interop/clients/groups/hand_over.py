"""A group whose broker changes under it: its members live on while one broker leaves the directory and another one takes it over, and
do not notice. hand_over.sh says when; the last word is the BOOTSTRAP, all of them the program in which the members live.

  change N WHO       the group reads what is sent now; then, in turn, somebody comes or goes
  remember WHO       what the broker says about groups
  compare WHO        says the next one the same, and did no member take part in a rebalance
"""

import sys
import time

from group import Group, call
from members import PATIENCE_S, Members

LOADING = (14, 15, 16)   # errors of a coordinator that is not there yet
NAMES = ["living", "simple"]


class HandOver:
    def __init__(self, program):
        self.bootstrap = program[-1]
        self.clients = Members(program, True)
        self.group, self.before, self.changes = None, None, None

    def change(self, number, _):
        if number == "1":
            self.group = Group(self.bootstrap, "living", self.clients)
            self.join("a", instance="first")
            self.join("b")
        self.read()
        if number in "24":
            self.join("c")
        elif number in "35":
            self.group.leave("c")
        self.read()
        self.commit(int(number))
        return f"{self.group.state()}, {sum(self.group.ledger.next.values())} records read"

    def join(self, member, **how):
        how["metadata.recovery.strategy"] = "none"   # else the group's leader forgets the topics and has to assign them again
        self.group.join(member, session=60000, assignor="cooperative-sticky", **how)

    def read(self):
        self.group.send()
        self.group.settle_committed("cooperative-sticky")
        self.group.wait_state(f"Stable {len(self.group.alive)}")

    def commit(self, number):
        """Offsets of a group without members, with words beside them."""
        partitions = [{"partitionIndex": i, "committedOffset": number * 10 + i, "committedMetadata": f"hop {number}"} for i in range(3)]
        asked = {"groupId": "simple", "generationIdOrMemberEpoch": -1, "memberId": "", "topics": [
            {"name": "living-a", "partitions": partitions}]}
        for partition in call(self.bootstrap, "OffsetCommit", asked, 9)["topics"][0]["partitions"]:
            if partition["errorCode"]:
                raise RuntimeError(f"OffsetCommit: {partition}")

    def remember(self, _):
        self.before = self.view()
        self.changes = dict(self.group.ledger.changes)
        return f"{len(self.before)} facts"

    def compare(self, _):
        deadline = time.monotonic() + PATIENCE_S
        while (view := self.view()) is None:   # what is not read yet
            if time.monotonic() > deadline:
                raise RuntimeError("the coordinator does not come")
            time.sleep(0.05)
        for name, was in self.before.items():
            if view.get(name) != was:
                raise RuntimeError(f"{name}\n    was {was}\n    is  {view.get(name)}")
        self.read()
        if self.group.ledger.changes != self.changes:
            raise RuntimeError(f"members took part in a rebalance: {self.changes}, now {self.group.ledger.changes}")
        return f"{len(view)} facts as before, and no rebalance"

    def view(self):
        """Everything that is known about the groups, or None while it is not known yet."""
        described = call(self.bootstrap, "DescribeGroups", {"groups": NAMES})["groups"]
        listed = call(self.bootstrap, "ListGroups", {})
        fetched = call(self.bootstrap, "OffsetFetch", {"groups": [{"groupId": name, "topics": None} for name in NAMES]}, 9)["groups"]
        if any(said["errorCode"] in LOADING for said in described + [listed] + fetched):
            return None
        facts = {f"list {group['groupId']}": group for group in listed["groups"]}
        for group in described:
            facts |= {f"member {member['memberId']}": member for member in group.pop("members")}
            facts[f"describe {group['groupId']}"] = group
        for group in fetched:
            facts |= {f"committed {group['groupId']} {topic['name']}:{p['partitionIndex']}": p
                      for topic in group["topics"] for p in topic["partitions"]}
        return facts


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
