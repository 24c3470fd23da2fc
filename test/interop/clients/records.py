"""The data set that every interop client sends and expects back (the rule stands in README.md), and the check of it."""

import collections
import sys

PARTITIONS = 3

Record = collections.namedtuple("Record", "timestamp key value headers")


def record(number):
    text = str(number)
    key = None if number % 5 == 0 else b"" if number % 25 == 1 else b"key-%d" % (number % 1000)
    filler = "x" * (20000 if number % 1000 == 999 else number % 200)
    value = f'value-{text} {number * 2654435761 % 2**32:08x} {filler} é"\\'.encode()
    value = None if number % 10 == 3 else b"" if number % 10 == 4 else value
    headers = [("i", text.encode()), ("empty", b""), ("i", b"again")][: number % 4]
    return Record(timestamp(number), key, value, headers)


def timestamp(number):
    return 1700000000000 + 10 * number - 33 * (number % 7)


class Difference(Exception):
    pass


class Check:
    """Takes what was fetched from one topic, in order for each partition, and stops at the first difference."""

    def __init__(self, topic, count, partitions=PARTITIONS, expected=record):
        self.topic, self.count, self.expected = topic, count, expected
        self.positions = [0] * partitions

    def take(self, partition, offset, got):
        position = self.positions[partition]
        number = position * len(self.positions) + partition
        where = f"{self.topic}-{partition} offset {offset}: record {number}: "
        if number >= self.count:
            raise Difference(where + "nothing more was expected")
        if offset != position:
            raise Difference(where + f"the offset should be {position}")
        expected = self.expected(number)
        for name, a, b in zip(Record._fields, expected, got):
            if a != b and not (callable(a) and a(b)):
                raise Difference(where + f"{name}: expected {a!r:.200}, got {b!r:.200}")
        self.positions[partition] += 1

    def missing(self):
        return self.count - sum(self.positions)

    def finish(self):
        if self.missing():
            raise Difference(f"{self.topic}: {self.missing()} of {self.count} records are missing")


def main(act):
    """Runs a client's program; a difference is one line on stderr and exit status 1."""
    try:
        act(*sys.argv[1:])
    except Difference as difference:
        sys.exit(f"{sys.argv[0].rpartition('/')[2]}: {difference}")
