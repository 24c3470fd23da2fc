"""Reads what kafka-dump-log prints and stops at the first line that is not plain content, or does not fit the one before.

  dump.py < OUTPUT
"""

import re
import sys

CONTENT = [
    r"Dumping \S+$",
    r"Log starting offset: \d+$",
    r"Snapshot end offset: \d+, epoch: \d+$",
    r"baseOffset: \d+ lastOffset: \d+ .* isvalid: true$",
    r"\| offset: \d+ \S+: -?\d+ keySize: -?\d+ valueSize: -?\d+ sequence: -?\d+ headerKeys: \[[^]]*\]( payload: \{.*\}| \w+: \{.*\})?$",
    r"offset: \d+ position: \d+$",
    r"timestamp: \d+ offset: \d+$",
    r"producerId: \d+ producerEpoch: \d+ .*$",
    r"\S+ passed sanity check\.$",
]
PLAIN = re.compile("|".join(f"(?:{pattern})" for pattern in CONTENT))
BATCH = re.compile(r"baseOffset: (\d+) lastOffset: (\d+) count: (\d+) .* position: (\d+) .* size: (\d+) ")
DUMPING = re.compile(r"Dumping (\S+)$")


def main():
    name, batches, files, end, position = "", 0, 0, None, 0
    for line in map(str.rstrip, sys.stdin):
        if not PLAIN.match(line):
            sys.exit(f"dump: {name}: {line}")
        if m := DUMPING.match(line):
            name, end, position, files = m[1], None, 0, files + 1
        if m := BATCH.match(line):
            base, last, count, at, size = map(int, m.groups())
            if end is not None and base != end or at != position or last - base + 1 != count:
                sys.exit(f"dump: {name}: expected offset {end} at position {position}: {line}")
            end, position, batches = last + 1, at + size, batches + 1
    if not batches:
        sys.exit("dump: no batches at all")
    print(f"dump: {files} files, {batches} batches, no complaint")


main()
