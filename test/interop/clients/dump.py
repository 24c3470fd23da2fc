"""Reads what kafka-dump-log prints and stops at the first line that is not plain content, or does not fit the ones before.

Positions have no gap, nor have offsets where nothing was compacted; and a partition's leader epochs are those of its
leader-epoch-checkpoint.

  dump.py [COMPACTED...] < OUTPUT      beginnings of the names of folders that may have been compacted
"""

import os
import re
import sys

CONTENT = [
    r"\$ dump-log ",
    r"Dumping \S+$",
    r"Log starting offset: \d+$",
    r"Snapshot end offset: \d+, epoch: \d+$",
    r"baseOffset: \d+ lastOffset: \d+ .* isvalid: true$",
    r"\| offset: \d+ \S+: -?\d+ keySize: -?\d+ valueSize: -?\d+ sequence: -?\d+ headerKeys: \[[^]]*\]( \w+:? \{.*\}( payload: <DELETE>)?| controlType: \w+\(\d\)| endTxnMarker: \w+ coordinatorEpoch: -?\d+)?$",
    r"offset: \d+ position: \d+$",
    r"timestamp: \d+ offset: \d+$",
    r"producerId: \d+ producerEpoch: \d+ .*$",
    r"\S+ (passed sanity check|is empty)\.$",
    # said of every segment that does not begin with offset 0, and of compacted ones; offsets are checked below
    r"Non-consecutive offsets in \S+$",
    # an entry of a batch whose records were all compacted; Apache Kafka's own cleaner makes such entries
    r"Found timestamp mismatch in :\S+/(compacted|__)[^/]+/\S+$",
    r"  Index timestamp: \d+, log timestamp: -1$",
    r"  -?\d+ is followed by \d+$",
]
PLAIN = re.compile("|".join(f"(?:{pattern})" for pattern in CONTENT))
BATCH = re.compile(r"baseOffset: (\d+) lastOffset: (\d+) count: (\d+) .* partitionLeaderEpoch: (-?\d+) .* position: (\d+) .* size: (\d+) ")
DUMPING = re.compile(r"Dumping (\S+)$")


class Partition:
    def __init__(self):
        self.epochs = []   # epoch, first offset
        self.end = None

    def take(self, base, last, epoch):
        if not self.epochs or self.epochs[-1][0] != epoch:
            self.epochs.append((epoch, base))
        self.end = last + 1


def checkpoint(folder):
    path = os.path.join(folder, "leader-epoch-checkpoint")
    if not os.path.exists(path):
        return []
    with open(path, encoding="ascii") as file:
        return [tuple(map(int, line.split())) for line in file.read().splitlines()[2:]]


def log_start(folder):
    """Where log-start-offset-checkpoint has the partition begin; 0 if it says nothing."""
    root, name = os.path.split(folder)
    path = os.path.join(root, "log-start-offset-checkpoint")
    if os.path.exists(path):
        with open(path) as file:
            for line in file.read().splitlines()[2:]:
                topic, index, offset = line.split()
                if f"{topic}-{index}" == name:
                    return int(offset)
    return 0


def from_start(epochs, start):
    """Epochs that begin below the log start are one that begins there."""
    below = [epoch for epoch, first in epochs if first <= start]
    return [(epoch, start) for epoch in below[-1:]] + [(epoch, first) for epoch, first in epochs if first > start]


def may_be_compacted(folder):
    return os.path.basename(folder).startswith(tuple(sys.argv[1:]))


def wrong_epochs(folder, partition):
    start = log_start(folder)
    partition.epochs = [(epoch, first) for epoch, first in from_start(partition.epochs, start) if first < partition.end]
    written = [(epoch, start) for epoch, start in checkpoint(folder) if partition.end and start < partition.end]
    if written == partition.epochs or (may_be_compacted(folder) and all(
            [epoch for epoch, start in written if start <= first][-1:] == [of_batch] for of_batch, first in partition.epochs)):
        return []
    return [f"{folder}: leader epochs (and first offsets) are {partition.epochs}, leader-epoch-checkpoint says {written}"]


def wrong_partitions(partitions):
    return [line for folder, partition in partitions.items() for line in wrong_epochs(folder, partition)]


def main():
    name, partitions, files, batches, position, wrong = "", {}, 0, 0, 0, []
    for line in map(str.rstrip, sys.stdin):
        if not PLAIN.match(line):
            sys.exit(f"dump: {name}: {line}")
        if line.startswith("$ "):   # the same files again, decoded otherwise
            wrong += wrong_partitions(partitions)
            partitions = {}
        if m := DUMPING.match(line):
            name, position, files = m[1], 0, files + 1
            folder = os.path.dirname(name) if name.endswith(".log") else name
            if name.endswith(".log"):
                partitions.setdefault(folder, Partition())
        if m := BATCH.match(line):
            base, last, count, epoch, at, size = map(int, m.groups())
            partition = partitions.get(folder, Partition())
            whole = partition.end in (None, base) and last - base + 1 == count
            if at != position or not (whole or (may_be_compacted(folder) and base >= (partition.end or 0))):
                sys.exit(f"dump: {name}: expected offset {partition.end} at position {position}: {line}")
            partition.take(base, last, epoch)
            position, batches = at + size, batches + 1
    wrong += wrong_partitions(partitions)
    if wrong:
        sys.exit("dump: " + "\n      ".join(wrong))
    if not batches:
        sys.exit("dump: no batches at all")
    print(f"dump: {files} files, {batches} batches, no complaint")


main()
