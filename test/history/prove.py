#!/usr/bin/env python3
"""Proves check.py: it names each anomaly that is planted, and nothing in histories that are good.

Bad histories are written by hand, the smallest there are, and each has exactly one anomaly; then good ones are made at random,
found good, and spoilt at random, once for each anomaly. GOOD (1000) is how many; SEED repeats a run.
"""

import os
import random
import sys

import check

BY_HAND = {
    "lost-write": "send a - t/0 1, ok 1 0, send a - t/0 2, ok 2 1, poll r u1 t/0 1 2",
    "unseen": "send a - t/0 1, ok 1 0, send a - t/0 2, ok 2 1, poll r u1 t/0 0 1",
    "duplicate": "send a - t/0 1, ok 1 0, poll r u1 t/0 0 1, poll r u1 t/0 1 1",
    "inconsistent-offsets": "send a - t/0 1, ok 1 0, poll r u1 t/0 0 1, poll s u2 t/0 0 2",
    "nonmonotonic-send": "send a - t/0 1, send a - t/0 2, ok 1 1, ok 2 0, poll r u1 t/0 0 2, poll r u1 t/0 1 1",
    "int-nonmonotonic-send":
        "send a x t/0 1, send a x t/0 2, ok 1 1, ok 2 0, commit x, poll r u1 t/0 0 2, poll r u1 t/0 1 1",
    "nonmonotonic-poll": "send a - t/0 1, ok 1 0, poll r u1 t/0 0 1, poll r u2 t/0 0 1",
    "int-nonmonotonic-poll": "send a - t/0 1, ok 1 0, poll r u1 t/0 0 1, poll r u1 t/0 0 1",
    "poll-skip": "send a - t/0 1, send a - t/0 2, send a - t/0 3, ok 1 0, ok 2 1, ok 3 2, poll s u0 t/0 1 2, "
                 "poll r u1 t/0 0 1, poll r u2 t/0 2 3",
    "int-poll-skip": "send a - t/0 1, send a - t/0 2, send a - t/0 3, ok 1 0, ok 2 1, ok 3 2, poll s u0 t/0 1 2, "
                     "poll r u1 t/0 0 1, poll r u1 t/0 2 3",
    "G1a": "send a x t/0 1, ok 1 0, abort x, poll r u1 t/0 0 1",
    "precommitted-read": "send a x t/0 1, ok 1 0, poll a x t/0 0 1, commit x",
}
ALSO_BAD = {
    "unseen": "send a - t/0 1, ok 1 -",
    "G1a": "send a - t/0 1, fail 1, poll r u1 t/0 0 1",
    "lost-write": "send a x t/0 1, ok 1 0, commit x, send a - t/0 2, ok 2 2, poll r u1 t/0 2 2",
    "duplicate": "send a - t/0 1, ok 1 0, poll r u1 t/1 0 1, poll r u1 t/0 0 1",
}
GONE_AT_LAST = {
    "lost-write": "send a - t/0 1, poll r u1 t/0 0 1, final f",
    "lost-topic": "creating t, created t 3, final f, found t 2",
    "returned-topic": "creating t, created t 3, deleting t, deleted t, final f, found t 3",
}
GOOD_BY_HAND = (
    "send a - t/0 1, poll r u1 t/0 0 1",  # nobody knew, and it was written
    "send a - t/0 1, send a - t/0 2, ok 2 0, poll r u1 t/0 0 2",  # nobody knew, and it was not
    "send a x t/0 1, ok 1 0, abort x, send a y t/0 2, ok 2 2, commit y, poll r u1 t/0 2 2",
    "uncommitted r, send a x t/0 1, ok 1 0, abort x, poll r u1 t/0 0 1",
    "send a - t/0 1, ok 1 0, poll r u1 t/0 0 1, assign r, poll r u2 t/0 0 1",
    "creating t, created t 1, send a - t/0 1, ok 1 0, deleting t, final f",
    "creating t, created t 3, creating u, deleting u, deleted u, final f, found t 3",
    "final f, send a - t/0 1, ok 1 -, poll f u1 t/0 0 1",
)


def of(events):
    history = check.History()
    for event in events:
        history.add(event)
    return history


def names(events):
    return sorted(check.anomalies(of(events)))


# ---- good histories at random -----------------------------------------------------------------------------------------


class World:
    """A log that works, clients that use it, and what they write down."""

    def __init__(self, dice):
        self.dice, self.events, self.value, self.unit = dice, [], 0, 0
        self.logs = {f"t/{p}": [] for p in range(dice.randint(1, 4))}  # by key: (value, unit), or None for a marker
        self.aborted, self.open = set(), {}  # units; by producer: unit
        self.positions = {}  # by (reader, key)

    def send(self, producer):
        key = self.dice.choice(list(self.logs))
        self.value += 1
        unit = self.open.get(producer, "-")
        self.events.append(f"send {producer} {unit} {key} {self.value}")
        fate = self.dice.random()
        if fate < 0.1 and unit == "-":
            self.events.append(f"fail {self.value}")
        elif fate > 0.2:
            self.logs[key].append((str(self.value), unit))
            if fate > 0.3:
                self.events.append(f"ok {self.value} {len(self.logs[key]) - 1}")

    def begin(self, producer):
        self.unit += 1
        self.open.setdefault(producer, f"x{self.unit}")

    def end(self, producer, certainly=False):
        if producer not in self.open:
            return
        unit = self.open.pop(producer)
        aborts = self.dice.random() < 0.4
        if aborts:
            self.aborted.add(unit)
        for log in self.logs.values():
            if any(record and record[1] == unit for record in log):
                log.append(None)
        if certainly or self.dice.random() < 0.8:
            self.events.append(f"{'abort' if aborts else 'commit'} {unit}")

    def poll(self, reader, most=10):
        self.unit += 1
        for key in self.dice.sample(list(self.logs), len(self.logs)):
            log, at = self.logs[key], self.positions.get((reader, key), 0)
            while at < len(log) and most > 0:
                if log[at] and reader[0] != "u" and log[at][1] in self.open.values():
                    break  # the last stable offset
                if log[at] and not (reader[0] != "u" and log[at][1] in self.aborted):
                    self.events.append(f"poll {reader} p{self.unit} {key} {at} {log[at][0]}")
                    most -= 1
                at += 1
            self.positions[reader, key] = at

    def assign(self, reader):
        self.events.append(f"assign {reader}")
        for key, log in self.logs.items():
            self.positions[reader, key] = self.dice.randint(0, len(log))

    def live(self):
        self.events.append("uncommitted u1")
        acts = [lambda: self.send(self.dice.choice("abc"))] * 12
        acts += [lambda: self.begin(self.dice.choice("ab")), lambda: self.end(self.dice.choice("ab"))]
        acts += [lambda: self.poll(self.dice.choice(["r1", "r2", "u1"]))] * 2 + [lambda: self.assign("r2")]
        for _ in range(self.dice.randint(1, 90)):
            self.dice.choice(acts)()
        for producer in "ab":
            self.end(producer)
        self.events.append("final last")
        self.poll("last", most=10**9)
        return self.events


# ---- spoiling them ----------------------------------------------------------------------------------------------------


def two_polls(events, dice):
    """The indexes of two polls of the last reader, one right after the other, of one key."""
    pairs = [(i, i + 1) for i in range(len(events) - 1)
             if all(event.startswith("poll last") for event in events[i:i + 2])
             and events[i].split()[3] == events[i + 1].split()[3]]
    return dice.choice(pairs) if pairs else None


def certain(events):
    """The values that were acknowledged and that a reader saw: outside of transactions, or committed."""
    seen = {event.split()[5] for event in events if event.startswith("poll last")}
    return sorted(value for _, _, value in check.acknowledged(of(events)) if value in seen)


def without_polls(events, value):
    return [event for event in events if not (event.startswith("poll") and event.endswith(f" {value}"))]


def spoil(name, events, dice):
    """Returns the history with this anomaly in it, or None if there was nothing to spoil."""
    values, pair = certain(events), two_polls(events, dice)
    if not values or not pair:
        return None
    value, (one, other) = dice.choice(values), pair
    first, second = events[one].split(), events[other].split()
    if name in ("lost-write", "unseen"):
        kept = without_polls(events, value)
        return kept if name in names(kept) else None  # which of the two it is, depends on what lies behind
    if name == "duplicate":
        return events + [f"poll other z1 {first[3]} {10**6} {first[5]}"]
    if name == "inconsistent-offsets":
        return events + [f"poll other z1 {first[3]} {first[4]} {10**6}"]
    if name == "nonmonotonic-poll":
        return events + [f"poll last z1 {first[3]} {first[4]} {first[5]}"]
    if name == "int-nonmonotonic-poll":
        return events[:one] + [events[other], events[one]] + events[other + 1:]
    if name == "G1a":
        return events + [f"fail {first[5]}"]
    if name == "precommitted-read":
        return events + [f"send z z1 z/0 {10**6}", f"poll z z1 z/0 0 {10**6}", "commit z1"]
    if name.endswith("nonmonotonic-send"):
        unit = "z1" if name.startswith("int-") else "-"
        return events + [f"send z {unit} z/0 {10**6}", f"send z {unit} z/0 {10**6 + 1}", f"ok {10**6} 1", f"ok {10**6 + 1} 0"]
    return spoil_by_skipping(name, events, first[3])


def spoil_by_skipping(name, events, key):
    seen = [event.split() for event in events if event.startswith("poll last")]
    seen = sorted((poll for poll in seen if poll[3] == key), key=lambda poll: int(poll[4]))
    if len(seen) < 3:
        return None
    unit = "z1" if name.startswith("int-") else "z2"
    return events + [f"poll z z1 {' '.join(seen[0][3:])}", f"poll z {unit} {' '.join(seen[-1][3:])}"]


# ---- the proof --------------------------------------------------------------------------------------------------------


def by_hand():
    for table in BY_HAND, ALSO_BAD, GONE_AT_LAST:
        for name, events in table.items():
            got = names(events.split(", "))
            assert got == [name], f"{name}: planted by hand, found {got}"
    for events in GOOD_BY_HAND:
        assert not names(events.split(", ")), f"{events}: found {names(events.split(', '))}"


def at_random(seed, count):
    spoilt = dict.fromkeys(BY_HAND, 0)
    for number in range(count):
        dice = random.Random(f"{seed}-{number}")
        events = World(dice).live()
        assert not names(events), f"seed {seed}, history {number} is good: {check.anomalies(of(events))}"
        for name in BY_HAND:
            bad = spoil(name, events, dice)
            if bad:
                assert name in names(bad), f"seed {seed}, history {number}: {name} was planted, found {names(bad)}"
                spoilt[name] += 1
    return spoilt


def main():
    seed, count = os.environ.get("SEED", str(random.randrange(10**9))), int(os.environ.get("GOOD", "1000"))
    by_hand()
    spoilt = at_random(seed, count)
    assert all(spoilt.values()) or count < 100, f"never planted: {spoilt}"
    print(f"seed {seed}: {count} good histories, no false alarm; "
          f"{sum(spoilt.values())} spoilt ones of {len(spoilt)} kinds, all found")


if __name__ == "__main__":
    main()
    sys.exit(0)
