"""The members of consumer groups: real clients, each a program of its own, or several in one (Java).

A member is joined with these words, on its command line, or as a line that the program with several members reads (which takes them
on its command line too, so that a member that is to be killed can have a program of its own):

  join GROUP/MEMBER GROUP TOPIC[,TOPIC] NAME=VALUE...     assignor=, session= (ms), and what else its client understands

and then reads "GROUP/MEMBER hold" (commit no more), "... leave" (as clients do in good order), and, of several in one, "... die". It
says, a line at a time, and before its client goes on:

  GROUP/MEMBER assigned|revoked|lost TOPIC:PARTITION...
  GROUP/MEMBER read TOPIC:PARTITION OFFSET VALUE
  GROUP/MEMBER holds|gone|died
  GROUP/MEMBER refused        for another one has its instance's id

All write to one pipe, so what is said has an order: a client that gave a partition up has said so before another can have it.
"""

import os
import re
import signal
import subprocess
import threading
import time

PATIENCE_S = 60


class Members:
    def __init__(self, command, several):
        self.command, self.several = command, several
        self.listeners = {}   # group: what takes its events
        self.programs = {}    # member: its process
        self.changed = threading.Condition()
        self.failure = None
        reader, self.writer = os.pipe()
        self.host = self.start([], None) if several else None
        threading.Thread(target=self.listen, args=(os.fdopen(reader, encoding="utf-8"),), daemon=True).start()

    def start(self, words, _):
        return subprocess.Popen(self.command + words, stdin=subprocess.PIPE, stdout=self.writer)

    def words(self, member, group, topics, how):
        return ["join", member, group, topics] + [f"{name}={value}" for name, value in how.items()]

    def join(self, member, group, topics, alone=False, **how):
        words = self.words(member, group, topics, how)
        shares = self.several and not alone
        program = self.host if shares else self.start(words, member)
        with self.changed:   # others look through all of them while they wait
            self.programs[member] = program
        if shares:
            self.write(program, " ".join(words))

    def write(self, program, line):
        program.stdin.write(line.encode() + b"\n")
        program.stdin.flush()

    def tell(self, member, what):
        self.write(self.programs[member], f"{member} {what}")

    def forget(self, member):
        with self.changed:
            return self.programs.pop(member)

    def kill(self, member):
        """Whether it will say when it is dead."""
        program = self.forget(member)
        if program is self.host:
            self.write(program, f"{member} die")
            return True
        program.send_signal(signal.SIGKILL)
        program.wait()
        return False

    def left(self, member):
        """Its program must end well."""
        program = self.forget(member)
        if program is not self.host and program.wait(PATIENCE_S):
            raise RuntimeError(f"{member} ended with {program.returncode}")

    def end(self):
        with self.changed:
            programs = set(self.programs.values())
        for program in programs | ({self.host} if self.host else set()):
            program.kill()

    # ---- what they say -------------------------------------------------------------------------------------------------

    def listen(self, lines):
        for line in lines:
            with self.changed:
                try:
                    self.take(line.rstrip("\n"))
                except Exception as e:   # whoever waits shall know
                    self.failure = self.failure or e
                self.changed.notify_all()

    def take(self, line):
        member, what, *rest = line.split(" ")
        self.listeners[member.split("/")[0]](member, what, rest)

    def wait(self, true, what):
        """Until true() is; asked after each event, and now and then."""
        deadline = time.monotonic() + PATIENCE_S
        with self.changed:
            while not self.failure and not true():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"after {PATIENCE_S} s: {what() if callable(what) else what}")
                for member, program in self.programs.items():
                    if program.poll() is not None and program.returncode:
                        raise RuntimeError(f"{member} ended with {program.returncode}")
                self.changed.wait(0.1)
            if self.failure:
                raise self.failure


class Kcats(Members):
    """kcat -G, which cannot hold, ends by a signal, and says in its own words what it is assigned: % Group G rebalanced (memberid
    M-UUID): assigned: TOPIC [0], ..., or % Group G rebalanced: incremental revoke of 1 partition(s) (memberid ..."""

    REBALANCED = re.compile(r"% Group \S+ rebalanced(.*) \(memberid (\S+)(?:-\w+){5}(?:, [^)]*)?\): (assigned|revoked|)(.*)")

    def words(self, member, group, topics, how):
        settings = {"client.id": member, "partition.assignment.strategy": how["assignor"], "session.timeout.ms": how["session"],
                    "auto.offset.reset": "earliest", "auto.commit.interval.ms": 100, "heartbeat.interval.ms": 300,
                    "fetch.wait.max.ms": 50}
        options = [word for name, value in settings.items() for word in ("-X", f"{name}={value}")]
        return options + ["-f", f"{member} read %t:%p %o %s\n", "-G", group] + topics.split(",")

    def start(self, words, member):
        return subprocess.Popen(self.command + words, stdin=subprocess.DEVNULL, stdout=self.writer, stderr=self.writer)

    def tell(self, member, what):
        program = self.programs[member]
        program.terminate()
        program.wait()
        self.take(f"{member} gone")

    def take(self, line):
        if not line.startswith("% "):
            super().take(line)
        elif said := self.REBALANCED.match(line):
            how = "assigned" if "assign" in said[1] + said[3] else "revoked"
            super().take(" ".join([said[2], how] + [f"{topic}:{number}" for topic, number in re.findall(r"(\S+) \[(\d+)\]", said[4])]))
