"""gdb for Odradek: gdb -x test/tools/odradek-gdb.py build/release/odradek (or -p PID).

Prints slices as text, uuids as Kafka's base64, arrays as lists; adds two commands:

    message NAME EXPR   a message as Kafka's JSON would name it: message fetch_request call->request
    waiting             what each thread is waiting for, in one line a thread
"""
import base64

import gdb
import gdb.printing

MAX_BYTES = 200


class SlicePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        data, length = self.value["data"], int(self.value["len"])
        if int(data) == 0:
            return "null"
        raw = bytes(gdb.selected_inferior().read_memory(int(data), min(length, MAX_BYTES)))
        text = raw.decode("utf-8", "backslashreplace")
        more = "..." if length > MAX_BYTES else ""
        return f'"{text}"{more} ({length} bytes)'


class UuidPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        raw = bytes(int(self.value["bytes"][i]) & 0xFF for i in range(16))
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class ArrayPrinter:
    """ARRAY_OF(type): an unnamed struct of items and count."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return "null" if int(self.value["count"]) < 0 else f"{int(self.value['count'])} items"

    def children(self):
        for i in range(min(int(self.value["count"]), 100)):
            yield f"[{i}]", self.value["items"][i]

    def display_hint(self):
        return "array"


def find_printer(value):
    kind = value.type.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_STRUCT:
        return None
    if kind.tag == "slice":
        return SlicePrinter(value)
    if kind.tag == "uuid":
        return UuidPrinter(value)
    if kind.tag is None and [field.name for field in kind.fields()] == ["items", "count"]:
        return ArrayPrinter(value)
    return None


class MessageCommand(gdb.Command):
    """message STRUCT EXPR: prints what EXPR points to as the message struct STRUCT."""

    def __init__(self):
        super().__init__("message", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        name, _, expression = argument.partition(" ")
        if not expression:
            raise gdb.GdbError("message STRUCT EXPR")
        pointer = gdb.lookup_type("struct " + name).pointer()
        print(gdb.parse_and_eval(expression).cast(pointer).dereference().format_string(max_elements=20))


# The innermost of our functions that says what a thread does, and how to put it.
REASONS = {
    "net_read": "for its client to say something",
    "net_write": "for its client to take an answer",
    "net_send_file": "for its client to take records",
    "net_accept": "for a client to connect",
    "broker_wait_for_connection_slot": "for a client to leave (max.connections)",
    "wait_for_wake": "for records (a long poll)",
    "tick_main": "for the next tick",
    "partition_sync": "for stable storage (group commit)",
    "cluster_change_commit": "for the cluster log's sync",
    "cluster_change_begin": "for its turn to change the cluster",
    "mutex_lock": "for a lock",
    "rwlock_read": "for a lock",
    "rwlock_write": "for a lock",
    "sigwait": "for a signal to stop",
}


def reason_of(frame):
    trail = []
    while frame is not None:
        name = (frame.name() or "?").removeprefix("__GI_").lstrip("_")
        trail.append(name)
        if name in REASONS:
            extra = ""
            if name in ("mutex_lock", "rwlock_read", "rwlock_write"):
                caller = frame.older()
                extra = f", in {caller.name()}" if caller is not None else ""
            return "waits " + REASONS[name] + extra
        frame = frame.older()
    return "runs: " + " < ".join(trail[:4])


class WaitingCommand(gdb.Command):
    """waiting: what each thread is waiting for."""

    def __init__(self):
        super().__init__("waiting", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        current = gdb.selected_thread()
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda one: one.num):
            thread.switch()
            print(f"{thread.num:4} {thread.name or '?':16} {reason_of(gdb.newest_frame())}")
        if current is not None:
            current.switch()


gdb.pretty_printers.insert(0, find_printer)
MessageCommand()
WaitingCommand()
