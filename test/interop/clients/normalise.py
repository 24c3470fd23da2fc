"""Takes from the output of Kafka's tools what may differ between two brokers that are alike.

  normalise.py       stack traces go, topics' configs and deleted partitions are sorted
  normalise.py DIR   and topic ids become "...", DIR becomes "DIR", files that Tools has made "FILE"

and the log directories that kafka-log-dirs prints, and the replicas in them, are sorted; and so are the ACLs of each resource that
kafka-acls prints, and the resources; and the rows about groups; and the operations that kafka-acls says a resource supports, or that
there are, which lie in a hash table of its own.
"""

import json
import re
import sys


def sorted_configs(match):
    return match[1] + ",".join(sorted(match[2].split(",")))


def sorted_operations(match):
    return match[1] + ", ".join(sorted(match[2].split(", ")))


def sorted_log_dirs(line):
    said = json.loads(line)
    for broker in said["brokers"]:
        broker["logDirs"].sort(key=lambda found: found["logDir"])
        for found in broker["logDirs"]:
            found["partitions"].sort(key=lambda replica: replica["partition"])
    return json.dumps(said) + "\n"


def report(partitions):
    """kafka-delete-records prints them in the order of a hash table."""
    print("".join(sorted(partitions)), end="")
    partitions.clear()


def sorted_acls(lines):
    """What kafka-acls says to one command: the ACLs of each resource behind a line that names it, and single ones."""
    resources = [[lines[0]]]
    for line in lines[1:]:
        if "ResourcePattern" in line:
            resources.append([line])
        elif line.strip():
            resources[-1].append("\t" + line.strip() + "\n")
    return ["".join(found[:1] + sorted(found[1:])) for found in resources[:1] + sorted(resources[1:])]


def sorted_rows(lines):
    """The rows below each heading of kafka-consumer-groups and kafka-groups; members come in the order of their random ids, which
    become "..." where they are nothing else."""
    rows, below = [], False
    for line in lines + [""]:
        if below and line.strip() and line[0] != "$":
            rows.append(re.sub(r" [\w-]{22} ", " ... ", line))
            continue
        yield from sorted(rows)
        rows, below = [], line.startswith("GROUP ")
        if line:
            yield line


def sorted_names(lines):
    """What kafka-acls can be told, one a line with a tab in front, in the order of a hash table."""
    names = []
    for line in lines:
        if re.match(r" *\t\w+ *$", line):
            names.append(line)
            continue
        yield from sorted(names)
        names = []
        yield line
    yield from sorted(names)


def commands(lines):
    """What each command printed, with itself in front."""
    said = []
    for line in lines:
        if line.startswith("$ ") and said:
            yield said
            said = []
        said.append(line)
    yield said


lines = []
for said in commands(sys.stdin):
    lines += sorted_acls(said) if any("ResourcePattern" in line for line in said) else sorted_rows(said)
partitions = []
for line in sorted_names(lines):
    if line.startswith("\tat "):
        continue
    if line.startswith("partition: "):
        partitions.append(line)
        continue
    report(partitions)
    if line.startswith('{"brokers"'):
        line = sorted_log_dirs(line)
    if len(sys.argv) > 1:
        line = re.sub(r"TopicId: [\w-]{22}", "TopicId: ...", line).replace(sys.argv[1], "DIR")
        line = re.sub(r"/\S*/tool\d+\.json", "FILE", line)
    line = re.sub(r"(only supports operations \[)([^]]*)", sorted_operations, line)
    print(re.sub(r"^(Topic: .*\tConfigs: )(.*)$", sorted_configs, line), end="")
report(partitions)
