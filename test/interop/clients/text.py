"""The interop data set as kcat and Kafka's console tools read and print it.

  text.py kcat-input PARTITION COUNT            for kcat -P -K '\\t' -Z: this partition's records
  text.py kcat-check TOPIC COUNT SINCE          from kcat -C -J: what kcat itself sent, at or after SINCE (ms)
  text.py kcat-check-any TOPIC COUNT            from kcat -C -J: what a client sent that can say everything
  text.py console-input COUNT                   for the console producer with headers and keys parsed, null.marker=NULL
  text.py console-check TOPIC COUNT SINCE       from the console consumer: what the console producer sent, in one partition
  text.py console-check-any TOPIC COUNT PARTITION   from the console consumer: one of a topic's partitions
"""

import json
import sys
import time

from records import PARTITIONS, Check, Record, main, record


def since(moment):
    """A check of a time stamp that the client took from its clock."""
    return lambda timestamp: int(moment) <= timestamp <= time.time() * 1000


def encoded(text):
    return None if text is None else text.encode()


# ---- kcat: an empty field is a null one, every record of a run has the same headers ----------------------------------


def kcat_headers(partition):
    """What ../kcat gives as -H: no header for partition 0, one for 1, two for 2."""
    return [("i", b"kcat"), ("null", None)][:partition]


def kcat_input(partition, count):
    for number in range(int(partition), int(count), PARTITIONS):
        r = record(number)
        sys.stdout.buffer.write((r.key or b"") + b"\t" + (r.value or b"") + b"\n")


def from_json(line):
    m = json.loads(line)
    pairs = iter(m.get("headers", []))
    headers = [(name, encoded(value)) for name, value in zip(pairs, pairs)]
    return m["partition"], m["offset"], Record(m["ts"], encoded(m["key"]), encoded(m["payload"]), headers)


def kcat_check(topic, count, moment):
    def expected(number):
        r = record(number)
        return Record(since(moment), r.key or None, r.value or None, kcat_headers(number % PARTITIONS))

    take_all(Check(topic, int(count), expected=expected), from_json)


def kcat_check_any(topic, count):
    take_all(Check(topic, int(count)), from_json)


# ---- the console tools -----------------------------------------------------------------------------------------------


def console_text(value):
    return b"NULL" if value is None else value


def console_headers(r):
    return b",".join(name.encode() + b":" + value for name, value in r.headers) or b"NULL"


def console_input(count):
    for number in range(int(count)):
        r = record(number)
        line = b"\t".join([console_headers(r), console_text(r.key), console_text(r.value)])
        sys.stdout.buffer.write(line + b"\n")


def from_console(line):
    timestamp, partition, offset, headers, key, value = line.rstrip(b"\n").split(b"\t")
    pairs = [] if headers == b"NO_HEADERS" else [h.split(b":", 1) for h in headers.split(b",")]
    fields = [None if field == b"NULL" else field for field in (key, value)]
    taken = Record(
        int(timestamp.removeprefix(b"CreateTime:")), *fields, [(name.decode(), value) for name, value in pairs]
    )
    return int(partition.removeprefix(b"Partition:")), int(offset.removeprefix(b"Offset:")), taken


def console_check(topic, count, moment):
    def expected(number):
        return record(number)._replace(timestamp=since(moment))

    take_all(Check(topic, int(count), 1, expected), from_console)


def console_check_any(topic, count, partition):
    """The other partitions are taken as seen, so that the check ends well."""
    check = Check(topic, int(count))
    check.positions = [len(range(p, int(count), PARTITIONS)) for p in range(PARTITIONS)]
    check.positions[int(partition)] = 0
    take_all(check, from_console)


def take_all(check, parse):
    for line in sys.stdin.buffer:
        check.take(*parse(line))
    check.finish()
    print(f"fetch {check.topic}: {check.count} records")


ACTS = [kcat_input, kcat_check, kcat_check_any, console_input, console_check, console_check_any]


def act(name="", *arguments):
    acts = {act.__name__.replace("_", "-"): act for act in ACTS}
    if name not in acts:
        sys.exit(__doc__)
    acts[name](*arguments)


main(act)
