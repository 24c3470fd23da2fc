#!/usr/bin/env python3
"""Reads what `odradek check --json` finds in a directory that a broker left: findings.py stopped|killed [RULE...]

Warnings of the RULEs are expected too. Prints what a broker that ended so does not leave behind; then the exit status is 1.
"""
import json
import sys

ALWAYS = {"release", "directory-delete", "leftover-deleted"}
# Two checkpoint files may still tell of topics that are gone; a write may have been cut in two.
KILLED = {"not-clean", "checkpoint-unknown", "high-watermark", "leftover-tmp", "torn-end"}


def main():
    expected = ALWAYS | set(sys.argv[2:]) | (KILLED if sys.argv[1] == "killed" else set())
    lines = [json.loads(line) for line in sys.stdin]
    wrong = [line for line in lines if line["type"] == "finding" and not (
        line["rule"] in expected and line["severity"] != "error")]
    for line in wrong:
        print("\n  {severity} {rule} {path}: {text}".format(**line), end="")
    if lines[-1]["type"] != "checked" or not lines[-1]["partitions"]:
        sys.exit("nothing was checked")
    sys.exit(1 if wrong else 0)


main()
