"""Highwater: a journal in a directory, driven through `highwater-peer` (Benchmarks/Peer), a Swift child process.

The consumer of a replay is in that process: it visits id and timestamp of every event, runs a CRC-32 over the payload bytes
in order, and hands back count, bytes and CRC, which the harness compares. Appends go through the pipe, so the time of
an append has the pipe in it.

The protocol: little-endian frames on the child's standard input and output.
Request: operation (1 byte), length of the body (8 bytes), body. Reply: status (1 byte: 0 done, 1 failed and the body says
why, 2 no such event), length (8 bytes), body.

    A  append, P  put: count u32, timestamps i64 x count, then ids, keys, payloads, each as lengths u32 x count and bytes
    R  replay: after i64, through i64  ->  count u64, bytes u64, crc u32, padding u32, seconds f64
    G  look up: id  ->  payload
    Q  end
"""
import array
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

from common import ENDS_WITH_US, RANGE, ROOT, Consumer, Peer, crc32, micros, tree_bytes

MIN, MAX = -(1 << 63), (1 << 63) - 1


def program(name):
    """The release build of a program of this repository; HIGHWATER_BIN names another directory of programs."""
    path = Path(os.environ.get("HIGHWATER_BIN") or ROOT / ".build" / "release") / name
    if not path.exists():
        raise RuntimeError(f"{path} is missing: scripts/release {name}")
    return str(path)


def column(values):
    lengths = array.array("I", map(len, values))
    assert lengths.itemsize == 4 and sys.byteorder == "little"
    return lengths.tobytes() + b"".join(values)


def frame(events):
    ids, _, us, keys, data = zip(*events)
    # One encode for all: ids and keys of the workload are ASCII, so characters are bytes.
    return b"".join((struct.pack("<I", len(events)), array.array("q", us).tobytes(),
                     array.array("I", map(len, ids)).tobytes(), "".join(ids).encode("ascii"),
                     array.array("I", map(len, keys)).tobytes(), "".join(keys).encode("ascii"), column(data)))


class Child:
    """The process at the other end of the pipes."""

    def __init__(self, journal):
        self.proc = subprocess.Popen([*ENDS_WITH_US, program("highwater-peer"), str(journal)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, pipesize=1 << 20)
        self.pid = self.proc.pid

    def call(self, operation, body=b""):
        """-> body of the reply, None if there is no such event"""
        message = memoryview(operation + struct.pack("<Q", len(body)) + body)
        while message:
            message = message[self.proc.stdin.write(message):]
        status, length = struct.unpack("<BQ", self.read(9))
        reply = self.read(length)
        if status == 1:
            raise RuntimeError(f"highwater-peer: {reply.decode()}")
        return None if status == 2 else reply

    def read(self, length):
        parts = []
        while length:
            part = self.proc.stdout.read(length)
            if not part:
                raise RuntimeError(f"highwater-peer ended with status {self.proc.wait()}")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.stdin.close()  # the end of its input ends it
            try:
                self.proc.wait(60)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        self.proc.stdout.close()


class Highwater(Peer):
    durability = "fsync of the segment and its directory"
    notes = "journal in a directory, one append at a time; replay to a Swift consumer with CRC-32 in the child process"

    def setup(self):
        self.journal = self.dir / "journal"
        self.servers = [Child(self.journal)]

    @property
    def child(self):
        return self.servers[0]

    def append_batch(self, batch):
        self.child.call(b"A", frame(batch))

    def append_single(self, e):
        self.child.call(b"A", frame([e]))

    def settle(self):
        # The process that appends compacts by itself when it is let alone: the reads are to be of what that leaves, not of
        # what is left of two cores meanwhile.
        sizes = []
        while len(sizes) < 4 or sizes[-1] != sizes[-4]:
            time.sleep(1)
            sizes.append(tree_bytes(self.journal))

    def replay(self, after, through, consumer):
        reply = self.child.call(b"R", struct.pack("<qq", after, through))
        consumer.count, consumer.bytes, consumer.crc, _, seconds = struct.unpack("<QQIId", reply)
        return seconds

    def replay_all(self, consumer):
        self.extra["replay_all_in_child_s"] = self.replay(MIN, MAX, consumer)

    def replay_range(self, lo, hi, consumer):  # the harness says [lo, hi), Highwater (after, through]
        self.extra["replay_range_in_child_s"] = self.replay(lo - 1, hi - 1, consumer)

    def replay_native(self):
        with subprocess.Popen([program("highwater"), "replay", str(self.journal)], stdout=subprocess.PIPE) as replay:
            count = subprocess.run(["wc", "-c"], stdin=replay.stdout, capture_output=True, check=True)
        if replay.returncode:
            raise RuntimeError(f"highwater replay ended with status {replay.returncode}")
        return int(count.stdout)

    def get_by_id(self, id):
        return self.child.call(b"G", id.encode())

    def versions(self):
        described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        return {"highwater": described.stdout.strip() or "unknown"}


class HighwaterImport(Highwater):
    """`highwater import` of the whole NDJSON file, as a user would: the payload is the line as it stood."""

    durability = "fsync of each segment and its directory"
    singles = 0
    exact = False  # the payload is the whole line; compared here instead, with the lines of the file
    notes = "append_batch is the one `highwater import` of the NDJSON file; the payload is the whole line"

    def setup(self):
        super().setup()
        self.loaded = False
        whole, day, self.line_of = Consumer(), Consumer(), {}
        wanted = {id for id, _ in self.w.sample_ids()}
        with open(self.w.path, "rb") as lines:
            for line in lines:
                line = line[:-1]
                whole.many([line])
                if RANGE[0] <= micros(line[64:91].decode()) < RANGE[1]:
                    day.many([line])
                if (id := line[13:49].decode()) in wanted:
                    self.line_of[id] = crc32(line)
        self.whole, self.day = whole.result(), day.result()

    def append_batch(self, batch):
        if self.loaded:
            return
        argv = [program("highwater"), "import", str(self.journal), str(self.w.path),
                "--id", "event_id", "--timestamp", "timestamp", "--key", "key"]
        start = time.perf_counter()
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode:
            raise RuntimeError(f"highwater import ended with status {p.returncode}")
        seconds = time.perf_counter() - start
        self.extra["import_input_mbs"] = self.w.facts["file_bytes"] / seconds / 1e6
        self.extra["import_cores"] = (usage.ru_utime + usage.ru_stime) / seconds
        self.extra["import_peak_rss_mb"] = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
        self.loaded = True

    @staticmethod
    def compare(consumer, expected, what):
        if consumer.result() != expected:
            raise AssertionError(f"wrong answer: {what} {consumer.result()}, expected {expected}")

    def replay_all(self, consumer):
        super().replay_all(consumer)
        self.compare(consumer, self.whole, "replay")

    def replay_range(self, lo, hi, consumer):
        super().replay_range(lo, hi, consumer)
        self.compare(consumer, self.day, "replay of the range")

    def get_by_id(self, id):
        data = super().get_by_id(id)
        if data is None or crc32(data) != self.line_of[id]:
            raise AssertionError(f"wrong answer: get {id}")
        return data
