#!/usr/bin/env python3
"""Reads what clients did and saw, and names what no history of a log may show.

    check.py [--until N] FILE...    one history, spread over any number of files; exit status 1: it has anomalies

A file holds one event a line, in the order in which each process lived them. Values are unique in a history, a key is a
partition, a unit is a transaction or one call of poll ("-": a send outside of any transaction).

    send PROCESS UNIT KEY VALUE         about to be sent
    ok VALUE OFFSET                     acknowledged at this offset; "-": the client was not told where
    fail VALUE [REASON]                 certainly not written; a send without either may have been
    commit UNIT | abort UNIT            how the transaction ended; one without either may have ended in any way
    poll PROCESS UNIT KEY OFFSET VALUE  was read; a process polls each of its keys in order
    assign PROCESS                      its next polls may start anywhere
    uncommitted PROCESS                 it reads uncommitted: what transactions left open or aborted is no surprise to it
    final PROCESS                       it read everything after all was over: what it did not read is not there
    creating TOPIC | created TOPIC COUNT | deleting TOPIC | deleted TOPIC   asked for, and acknowledged; a key is
                                        TOPIC/PARTITION, and what stood in a deleted topic does not count
    found TOPIC COUNT                   was there after all was over, with so many partitions
    at N                                what follows in this file came when some clock stood at N; with --until, what came
                                        later than N is as if it had not been heard of

The anomalies bear the names of Jepsen's workload for Kafka:

    lost-write              acknowledged, others behind it were read, and nobody read it; or read once, and gone at last
    unseen                  acknowledged, and nobody read so far; the last polls must have gone to the end
    duplicate               one value at two places
    inconsistent-offsets    two values at one place
    [int-]nonmonotonic-send what a process sent one after the other lies in another order ("int-": within one unit)
    [int-]nonmonotonic-poll a process read backwards
    [int-]poll-skip         a process went past a record that is there
    G1a                     a record was read that certainly was not written, or whose transaction was aborted
    precommitted-read       a transaction read what it had sent itself

and two more:

    lost-topic              acknowledged, and not found at last, or with another number of partitions
    returned-topic          its deletion was acknowledged, and it was found at last

Transactions may lie between each other, and offsets may have gaps: markers and compacted records have no value.
"""

import bisect
import collections
import sys

Send = collections.namedtuple("Send", "process unit key value")
Poll = collections.namedtuple("Poll", "process unit key offset value epoch")


class History:
    """The events of one history, sorted by what they are."""

    def __init__(self):
        self.sends, self.polls = [], []
        self.topics, self.found = {}, {}  # by name: what was last heard of it, and with how many partitions
        self.acknowledged, self.offsets, self.failed = set(), {}, set()  # values
        self.committed, self.aborted = set(), set()
        self.uncommitted_readers, self.final_readers = set(), set()
        self.epochs = collections.Counter()  # of each process: how often it was assigned

    def read(self, path, until):
        late = False
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("at "):
                    late = until is not None and int(line[3:]) > until
                elif not late or line.startswith("send "):  # what was on its way may have arrived
                    self.add(line)
                elif line.startswith(("creating ", "deleting ")):
                    self.add(line)

    def add(self, line):
        match line.split():
            case ["send", process, unit, key, value]:
                self.sends.append(Send(process, unit, key, value))
            case ["ok", value, offset]:
                self.acknowledged.add(value)
                if offset != "-":
                    self.offsets[value] = int(offset)
            case ["fail", value, *_]:
                self.failed.add(value)
            case ["poll", process, unit, key, offset, value]:
                self.polls.append(Poll(process, unit, key, int(offset), value, self.epochs[process]))
            case ["commit", unit]:
                self.committed.add(unit)
            case ["abort", unit]:
                self.aborted.add(unit)
            case ["assign", process]:
                self.epochs[process] += 1
            case ["uncommitted", process]:
                self.uncommitted_readers.add(process)
            case ["final", process]:
                self.final_readers.add(process)
            case ["creating" | "created" | "deleting" | "deleted" as what, topic, *count]:
                self.topics[topic] = what, *count
            case ["found", topic, count]:
                self.found[topic] = count
            case _:
                raise ValueError(f"not an event: {line!r}")

    def forget_deleted(self):
        gone = {topic for topic, (what, *_) in self.topics.items() if what.startswith("delet")}
        self.sends = [send for send in self.sends if send.key.split("/")[0] not in gone]
        self.polls = [poll for poll in self.polls if poll.key.split("/")[0] not in gone]


def acknowledged(history):
    """(key, offset or None, value) of each record that must be there: not those of transactions that did not commit."""
    for send in history.sends:
        if send.value in history.acknowledged and (send.unit == "-" or send.unit in history.committed):
            yield send.key, history.offsets.get(send.value), send.value


def places(history):
    """Every (key, offset, value) that anybody heard of."""
    known = {(send.key, history.offsets[send.value], send.value) for send in history.sends if send.value in history.offsets}
    return known | {(poll.key, poll.offset, poll.value) for poll in history.polls}


def missing(history):
    polled, last = set(), collections.defaultdict(lambda: -1)
    for poll in history.polls:
        last[poll.key] = max(last[poll.key], poll.offset)
        if not history.final_readers or poll.process in history.final_readers:
            polled.add((poll.key, poll.value))
    for key, offset, value in acknowledged(history):
        if (key, value) not in polled:
            name = "lost-write" if offset is not None and offset <= last[key] else "unseen"
            yield name, f"{value} was acknowledged at {key} {offset}, which was read up to {last[key]}"
    for poll in history.polls:
        if (poll.key, poll.value) not in polled and poll.process not in history.uncommitted_readers:
            yield "lost-write", f"{poll.process} read {poll.value} at {poll.key} {poll.offset}, and it is there no more"


def misplaced(history):
    at_place, of_value = collections.defaultdict(set), collections.defaultdict(set)
    for key, offset, value in places(history):
        at_place[key, offset].add(value)
        of_value[value].add((key, offset))
    for (key, offset), values in at_place.items():
        if len(values) > 1:
            yield "inconsistent-offsets", f"{key} {offset} holds {' and '.join(sorted(values))}"
    for value, where in of_value.items():
        if len(where) > 1:
            yield "duplicate", f"{value} is at {' and '.join(f'{key} {offset}' for key, offset in sorted(where))}"


def internal(one, other):
    return "int-" if one.unit == other.unit != "-" else ""


def reordered(history):
    offsets = {poll.value: poll.offset for poll in history.polls} | history.offsets
    before = {}
    for send in history.sends:
        offset = offsets.get(send.value)
        if offset is None:
            continue
        last = before.get((send.process, send.key))
        if last and offset < offsets[last.value]:
            yield internal(last, send) + "nonmonotonic-send", (
                f"{send.process} sent {last.value} and then {send.value}: "
                f"they are at {send.key} {offsets[last.value]} and {offset}")
        before[send.process, send.key] = send


def readable_offsets(history):
    """By key: the sorted offsets that no reader may go past, for each has been read by somebody or must be there."""
    units = {send.value: send.unit for send in history.sends}
    offsets = collections.defaultdict(set)
    for key, offset, _ in acknowledged(history):
        if offset is not None:
            offsets[key].add(offset)
    for poll in history.polls:
        unit = units.get(poll.value, "-")
        trusted = poll.process not in history.uncommitted_readers and unit not in history.aborted
        if unit == "-" or unit in history.committed or trusted:
            offsets[poll.key].add(poll.offset)
    return {key: sorted(found) for key, found in offsets.items()}


def misread(history):
    readable = readable_offsets(history)
    before = {}
    for poll in history.polls:
        last = before.get((poll.process, poll.key))
        before[poll.process, poll.key] = poll
        if not last or last.epoch != poll.epoch:
            continue
        says = f"{poll.process} read {poll.key} {poll.offset} after {last.offset}"
        if poll.offset <= last.offset:
            yield internal(last, poll) + "nonmonotonic-poll", says
            continue
        offsets = readable.get(poll.key, [])
        next_one = bisect.bisect_right(offsets, last.offset)
        if next_one < len(offsets) and offsets[next_one] < poll.offset:
            yield internal(last, poll) + "poll-skip", f"{says} and went past {offsets[next_one]}"


def unready(history):
    units = {send.value: send.unit for send in history.sends}
    for poll in history.polls:
        unit = units.get(poll.value, "-")
        if poll.value in history.failed:
            yield "G1a", f"{poll.process} read {poll.value}, whose sending failed"
        elif unit in history.aborted and poll.process not in history.uncommitted_readers:
            yield "G1a", f"{poll.process} read {poll.value} of {unit}, which was aborted"
        if unit == poll.unit != "-":
            yield "precommitted-read", f"{unit} read {poll.value}, which it had sent"


def mistaken_topics(history):
    for topic, (what, *count) in history.topics.items() if history.final_readers else ():
        if what == "created" and history.found.get(topic) != count[0]:
            yield "lost-topic", f"{topic} had {count[0]} partitions, and has {history.found.get(topic, 'none')}"
        if what == "deleted" and topic in history.found:
            yield "returned-topic", f"{topic} was deleted, and has {history.found[topic]} partitions"


def anomalies(history):
    """{name: [what it is, ...]}"""
    history.forget_deleted()
    found = collections.defaultdict(list)
    for check in missing, misplaced, reordered, misread, unready, mistaken_topics:
        for name, says in check(history):
            found[name].append(says)
    return found


def main(arguments):
    until = int(arguments[1]) if arguments[:1] == ["--until"] else None
    history = History()
    for path in arguments[2 if until is not None else 0:]:
        history.read(path, until)
    found = anomalies(history)
    for name, says in sorted(found.items()):
        print(f"{name}: {len(says)}", *says[:10], sep="\n    ")
    partitions = {poll.key for poll in history.polls}
    print(f"{len(history.sends)} sends, {len(history.acknowledged)} acknowledged, {len(history.polls)} polls, "
          f"{len(partitions)} partitions, {len(history.topics)} topics made: {'ANOMALIES' if found else 'no anomaly'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
