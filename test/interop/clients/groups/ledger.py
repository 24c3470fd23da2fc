"""What one consumer group is assigned, reads and commits, and the rules that hold whatever client and assignor it has:

  a partition has one owner at a time; only its owner reads it; its offsets come without a gap and each once; every value that was sent
  comes exactly once; who takes over from a member that died begins at exactly what the group had committed.
"""


class Difference(Exception):
    pass


class Ledger:
    def __init__(self, partitions):
        self.partitions = sorted(partitions)      # names: topic:number
        self.owner = {}                           # partition: member
        self.values = {p: [] for p in partitions} # what is at each offset, as far as anybody read
        self.next = dict.fromkeys(partitions, 0)  # the offset that the owner must read next
        self.unread = set()                       # values
        self.changes = {}                         # member: how often it was assigned something, or lost something
        self.moves = 0                            # partitions that anybody was assigned

    # ---- events --------------------------------------------------------------------------------------------------------

    def assigned(self, member, partitions):
        self.changes[member] = self.changes.get(member, 0) + 1
        self.moves += len(partitions)
        for partition in partitions:
            if partition not in self.next:
                raise Difference(f"{member} is assigned {partition}, to which nobody subscribes")
            if partition in self.owner:
                raise Difference(f"{member} is assigned {partition}, which {self.owner[partition]} owns")
            self.owner[partition] = member

    def revoked(self, member, partitions):
        self.changes[member] = self.changes.get(member, 0) + 1
        for partition in partitions:
            if self.owner.pop(partition, None) != member:
                raise Difference(f"{member} gives up {partition}, which it does not own")

    def read(self, member, partition, offset, value):
        if self.owner.get(partition) != member:
            raise Difference(f"{member} reads {partition} offset {offset}, but its owner is {self.owner.get(partition)}")
        if offset != self.next[partition]:
            raise Difference(f"{member} reads {partition} offset {offset}, but the next is {self.next[partition]}")
        known = self.values[partition]
        if offset == len(known):
            known.append(value)
        elif known[offset] != value:
            raise Difference(f"{partition} offset {offset} was {known[offset]}, {member} reads {value}")
        if value not in self.unread:
            raise Difference(f"{member} reads {value} at {partition} offset {offset}: it was not sent, or read before")
        self.unread.remove(value)
        self.next[partition] += 1

    def gone(self, member):
        for partition in self.owned(member):
            del self.owner[partition]

    # ---- what the group does to it -----------------------------------------------------------------------------------

    def sent(self, values):
        self.unread.update(values)

    def more(self, partitions):
        self.partitions = sorted(self.partitions + partitions)
        for partition in partitions:
            self.values[partition], self.next[partition] = [], 0

    def died(self, member, committed):
        """committed: of all partitions. Returns how many records are to be read again."""
        again = 0
        for partition in self.owned(member):
            offset = committed.get(partition, 0)
            if offset > self.next[partition]:
                raise Difference(f"{partition} is committed to {offset}, but read to {self.next[partition]}")
            self.unread.update(self.values[partition][offset:])
            again += self.next[partition] - offset
            self.next[partition] = offset
        self.gone(member)
        return again

    # ---- questions -----------------------------------------------------------------------------------------------------

    def owned(self, member):
        return [p for p in self.partitions if self.owner.get(p) == member]

    def shares(self, members):
        """How many partitions each has, or nothing while one has no owner."""
        if len(self.owner) < len(self.partitions):
            return None
        return sorted(len(self.owned(member)) for member in members)
