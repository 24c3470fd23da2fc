"""Takes from the output of Kafka's tools what may differ between two brokers that are alike.

  normalise.py       stack traces go, topics' configs and deleted partitions are sorted
  normalise.py DIR   and topic ids become "...", DIR becomes "DIR"

and the log directories that kafka-log-dirs prints, and the replicas in them, are sorted.
"""

import json
import re
import sys


def sorted_configs(match):
    return match[1] + ",".join(sorted(match[2].split(",")))


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


partitions = []
for line in sys.stdin:
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
    print(re.sub(r"^(Topic: .*\tConfigs: )(.*)$", sorted_configs, line), end="")
report(partitions)
