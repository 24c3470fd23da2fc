"""Lives of consumer groups, lived by real clients, all at the same time; ledger.py has what must hold, members.py what clients do.

  lives.py BOOTSTRAP NAME LIFE:ASSIGNOR[:consumer]... -- PROGRAM...         each member is a program
  lives.py BOOTSTRAP NAME LIFE:ASSIGNOR[:consumer]... -several PROGRAM...   they all live in one
  lives.py BOOTSTRAP NAME LIFE:ASSIGNOR... -kcat KCAT...                    kcat -G

NAME is how the groups' names begin. "consumer" is the protocol in which the broker assigns; without it clients do. Where lives are called
"restarts" all are; $BROKER says, a word a line, which script started the broker, and what it was told, and $SENDER what sends to it.
"""

import os
import subprocess
import sys
import threading

from group import Group
from members import PATIENCE_S, Kcats, Members

SHORT_MS = 6000    # the session of a member that will die
LONG_MS = 60000    # beyond all patience: a member that left and is still counted is noticed


class Broker:
    """It ends and comes back once all lives are there."""

    def __init__(self, lives):
        self.meeting, self.how = threading.Barrier(lives, self.turn, PATIENCE_S), None

    def turn(self):
        script, *words = os.environ["BROKER"].split("\n")
        subprocess.run([script, self.how, words[0]], check=True)
        subprocess.run([script, "start"] + words, check=True)

    def restart(self, how):
        self.how = how
        self.meeting.wait()


class Life:
    def __init__(self, bootstrap, clients, broker, name, assignor, consumer):
        self.broker, self.assignor, self.consumer = broker, assignor, consumer
        self.group = Group(bootstrap, name, clients)

    def join(self, member, session=LONG_MS, **how):
        if self.consumer:
            # a Java consumer of this protocol tells the broker whenever it closes
            alone = session == SHORT_MS and self.group.clients.several
            self.group.join(member, alone=alone, **{"group.protocol": "consumer", "group.remote.assignor": self.assignor}, **how)
        else:
            self.group.join(member, session=session, assignor=self.assignor, **how)

    def settled(self, what):
        self.group.settle_committed(self.assignor)
        self.group.wait_state(f"Stable {len(self.group.alive)}", self.consumer)
        self.group.say(what)

    def common(self):
        """Members come, one leaves, one dies, all leave, one comes back."""
        group = self.group
        group.send()
        self.join("a")
        self.join("b")
        self.settled("two members share what was sent before")
        group.send()
        self.join("c", SHORT_MS)
        self.settled("a third one comes")
        group.send()
        group.leave("b")
        self.settled("one leaves")
        group.say(f"one dies, the other one reads {self.death()} records again")
        group.send()
        self.settled("it goes on")
        group.leave("a")
        group.wait_state("Empty 0", self.consumer)
        group.send()
        self.join("d")
        self.settled("who comes back begins where the group was")
        group.leave("d")
        group.wait_state("Empty 0", self.consumer)
        group.check_admin("consumer" if self.consumer else "classic")

    def death(self):
        group = self.group
        group.hold("c")
        group.send()
        group.settle(self.assignor)
        mine = group.ledger.owned(f"{group.name}/a")
        group.wait(lambda: all(group.committed().get(p) == group.ledger.next[p] for p in mine), "a does not commit")
        again = group.kill("c")
        if not again:
            raise RuntimeError("who died had nothing uncommitted")
        self.settled("the one that is left has all")
        return again

    def commits_by_itself(self):
        """The same for a client that commits every few seconds, so that it can only die when all is committed."""
        group = self.group

        def settled(what):
            group.settle(self.assignor)
            group.say(what)

        group.send()
        self.join("a")
        self.join("b", SHORT_MS)
        settled("two members share what was sent before")
        group.send()
        self.join("c")
        settled("a third one comes")
        group.send()
        group.leave("c")
        self.settled("one leaves")
        group.kill("b")
        group.send()
        settled("one dies")
        group.leave("a")
        group.wait_state("Empty 0")
        group.wait(lambda: group.committed() == group.ledger.next, "not all is committed in the end")

    def restarts(self):
        """The broker ends while the group reads, in good order and by a kill, and comes back: the group goes on. A client that lost
        its broker may come anew, and be assigned its partitions again."""
        group = self.group
        group.send()
        self.join("a")
        self.join("b")
        self.settled("two members share what was sent before")
        for how in ("stop", "kill"):
            moves = group.ledger.moves
            with group.sending():
                self.broker.restart(how)
            self.settled(f"the broker: {how}, and start; {group.ledger.moves - moves} partitions were assigned again")
        group.leave("b")
        group.send()
        self.settled("one leaves")
        group.leave("a")
        group.wait_state("Empty 0", self.consumer)

    def static(self):
        """Static members come back to what they had, and the others do not notice. Where two have one instance's id, one must go."""
        group, ledger = self.group, self.group.ledger
        group.send()
        self.join("a", instance="first")
        self.join("b", instance="second")
        self.settled("two static members")
        changes, owned = ledger.changes[f"{group.name}/b"], ledger.owned(f"{group.name}/a")
        group.kill("a")
        group.send()
        self.join("c", instance="first")
        self.settled("one of them comes back")
        if ledger.owned(f"{group.name}/c") != owned:
            raise RuntimeError(f"who had {owned} has {ledger.owned(group.name + '/c')}")
        if ledger.changes[f"{group.name}/b"] != changes:
            raise RuntimeError("the other one took part in a rebalance")
        last = self.one_instance_twice()
        group.send()
        self.settled("two have one instance's id: one of them goes on")
        group.kill("c")
        group.ask(["remove", "first"])
        group.send()
        self.settled("one is taken out")
        group.leave(last)
        if not self.consumer:
            group.wait_state("Stable 1")   # static members do not leave

    def one_instance_twice(self):
        """Returns the one that goes on: in the classic protocol the second one, in the other one the first."""
        group = self.group
        one, other = ("d", "b") if self.consumer else ("b", "d")
        if not self.consumer:
            group.forget("b")   # it will learn that it is fenced; until then it believes that it has what d has already
        self.join("d", instance="second")
        group.wait(lambda: f"{group.name}/{one}" in group.refused, f"{one} is not refused")
        group.forget(one)
        return other

    def pattern(self):
        """Topics that match come, and are found."""
        group = self.group
        group.send()
        self.join("a", topics=f"/{group.name}-.*/")
        self.join("b", topics=f"/{group.name}-.*/")
        self.settled("two members share the topics that match")
        group.more(f"{group.name}-c", 2)
        group.send()
        self.settled("one more topic")
        group.leave("a")
        self.settled("one leaves")
        group.leave("b")
        group.wait_state("Empty 0", True)

    def migrate(self):
        """Members change from the classic protocol to the consumer protocol and back while the group lives."""
        group = self.group
        for what, joins, leaves, consumer in [
                ("two members of the classic protocol", "ab", "", False), ("one of the consumer protocol comes", "C", "", True),
                ("the classic ones are replaced, first", "D", "a", True), ("and last", "", "b", True),
                ("one of the classic protocol comes", "e", "", True), ("and stays alone", "", "CD", False)]:
            group.send()
            for member in joins:
                self.consumer = member.isupper()
                self.join(member)
            for member in leaves:
                group.leave(member)
            self.consumer = consumer
            self.settled(what)
        group.leave("e")
        group.wait_state("Empty 0")


def main(args):
    cut = next(i for i, word in enumerate(args) if word in ("--", "-several", "-kcat"))
    command = args[cut + 1:]
    clients = Kcats(command, False) if args[cut] == "-kcat" else Members(command, args[cut] == "-several")
    broker = Broker(cut - 2)
    failures = []

    def live(word):
        kind, assignor, *consumer = word.split(":")
        name = "-".join([args[1], kind, assignor] + consumer)
        try:
            getattr(Life(args[0], clients, broker, name, assignor, bool(consumer)), kind)()
        except Exception as e:
            failures.append(f"{name}: {e}")
            broker.meeting.abort()
            with clients.changed:   # the others need not go on
                clients.failure = clients.failure or e
                clients.changed.notify_all()

    threads = [threading.Thread(target=live, args=(word,)) for word in args[2:cut]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clients.end()
    if failures:
        sys.exit("\n".join(failures))


main(sys.argv[1:])
