"""What every peer shares: the workload, the consumer, the Peer interface, server processes, accounting.

Needs only the standard library. CPU and memory figures come from /proc, so they are zero on macOS; times are right on both.
"""
import datetime
import json
import os
import random
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    from isal.isal_zlib import crc32  # same CRC-32 as zlib's, about 9 GB/s, so that checking costs little
except ImportError:
    from zlib import crc32

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Never inside the repository; must be a real disk, because on a tmpfs an fsync costs nothing.
DATA = Path(os.environ.get("BENCH_DATA") or Path(tempfile.gettempdir()) / "highwater-bench")
ON_LINUX = sys.platform == "linux"
START = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)
DAY_US = 86_400_000_000
START_US = int(START.timestamp()) * 1_000_000
RANGE = (START_US + 14 * DAY_US, START_US + 15 * DAY_US)  # the 1-day window, half open

# The filter and the SQL statements every peer that can is asked (facts() has the right answers).
FILTER = ("actor", "country", "DE")     # data.actor.country == 'DE'  ->  {event_id, data.order.total}
COUNT_TYPE = "bundle.created"           # SELECT count(*) WHERE data.type = 'bundle.created'
#                                         SELECT country, count(*), sum(total) GROUP BY data.actor.country


def micros(ts):
    return int(datetime.datetime.fromisoformat(ts).timestamp()) * 1_000_000 + int(ts[20:26])


def rfc3339(us):
    s, m = divmod(us, 1_000_000)
    return datetime.datetime.fromtimestamp(s, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{m:06d}Z"


class Workload:
    """An NDJSON file made by gen.py. Events are tuples (id: str, ts: str, us: int, key: str, data: bytes).

    The last `singles` events are kept for append_single; the rest is loaded in batches.
    """

    def __init__(self, n, singles=500, seed=42):
        self.n, self.singles, self.seed = n, min(singles, n // 4), seed
        DATA.mkdir(parents=True, exist_ok=True)
        self.path = DATA / f"events-{n}.ndjson"
        if not self.path.exists():
            tmp = self.path.with_suffix(".tmp")
            subprocess.run([sys.executable, HERE / "gen.py", str(n), "--seed", str(seed), "-o", tmp], check=True)
            tmp.rename(self.path)
        facts = DATA / f"facts-{n}.json"
        if not facts.exists() or facts.stat().st_mtime < self.path.stat().st_mtime:
            facts.write_text(json.dumps(self._facts()))
        self.facts = json.loads(facts.read_text())

    def events(self):
        with open(self.path, "rb") as f:
            for line in f:
                # {"event_id":"<36>","timestamp":"<27>","key":"...","data":{...}}\n
                k = line.index(b'"', 100)
                yield (line[13:49].decode(), line[64:91].decode(), micros(line[64:91].decode()),
                       line[100:k].decode(), line[k + 9:-2])

    def batches(self, size=1000):
        """Everything but the last `singles` events, in lists of `size`."""
        left, batch = self.n - self.singles, []
        for e in self.events():
            if left == 0:
                break
            batch.append(e)
            left -= 1
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def tail(self):
        out = []
        for i, e in enumerate(self.events()):
            if i >= self.n - self.singles:
                out.append(e)
        return out

    def sample_ids(self, k=500):
        return [(i, c) for i, c in self.facts["sample"][:k]]

    def _facts(self):
        all_, day = Consumer(), Consumer()
        pick = set(random.Random(7).sample(range(self.n), min(500, self.n)))
        sample, country, typed = [], {}, 0
        for i, (id_, _, us, _, data) in enumerate(self.events()):
            all_.many([data])
            if RANGE[0] <= us < RANGE[1]:
                day.many([data])
            if i in pick:
                sample.append((id_, crc32(data)))
            d = json.loads(data)
            typed += d["type"] == COUNT_TYPE
            c = country.setdefault(d["actor"]["country"], [0, 0.0])
            c[0] += 1
            c[1] += d["order"]["total"]
        random.Random(8).shuffle(sample)
        return {"all": all_.result(), "range": day.result(), "sample": sample, "count": typed,
                "groups": len(country), "filter_count": country[FILTER[2]][0], "filter_sum": country[FILTER[2]][1],
                "file_bytes": self.path.stat().st_size}


class Consumer:
    """Receives payloads. The CRC runs over all payload bytes in order, so a skip, a change or a swap shows."""

    def __init__(self):
        self.count = self.bytes = self.crc = 0

    def many(self, payloads):
        blob = b"".join(payloads)
        self.count += len(payloads)
        self.bytes += len(blob)
        self.crc = crc32(blob, self.crc)

    def block(self, buffer, count):
        """`count` payloads that lie end to end in one buffer (columnar peers)."""
        self.count += count
        self.bytes += len(buffer)
        self.crc = crc32(buffer, self.crc)

    def result(self):
        return {"count": self.count, "bytes": self.bytes, "crc": self.crc}


class Peer:
    """One entry of the comparison. Raise NotImplementedError (the default) for what it cannot do."""

    name = "?"
    durability = ""          # what an acknowledged append has survived
    n = 200_000              # default number of events
    singles = 500
    batch = 1000
    exact = True             # False: the system re-serialises JSON, so bytes and CRC are not compared
    range_exact = True       # False: a known fault of the peer makes range replay deliver wrong bytes; counts are compared
    notes = ""

    def __init__(self, dir, workload):
        self.dir, self.w, self.servers, self.extra = Path(dir), workload, [], {}

    def setup(self): ...
    def append_batch(self, batch): raise NotImplementedError
    def append_single(self, event): raise NotImplementedError
    def settle(self): ...                                    # maintenance after the load; timed apart
    def replay_all(self, consumer): raise NotImplementedError        # in time order
    def replay_range(self, lo, hi, consumer): raise NotImplementedError  # [lo, hi) in microseconds, in time order
    def replay_native(self): raise NotImplementedError       # -> bytes; by the fastest client at hand, counted, not parsed
    def get_by_id(self, id): raise NotImplementedError       # -> payload bytes
    def filter(self): raise NotImplementedError              # -> (rows, sum of totals), rows delivered to the client
    def sql_count(self): raise NotImplementedError           # -> int
    def sql_group(self): raise NotImplementedError           # -> number of groups
    def disk_bytes(self): return tree_bytes(self.dir)
    def versions(self): return {}

    def server_rss_mb(self):
        return sum(status_kb(s.pid, "VmHWM") for s in self.servers) / 1024 if self.servers else None

    def teardown(self):
        for s in self.servers:
            s.stop()


# -- processes ---------------------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# A prefix for the command line of a child, so that it ends with us, whatever happens to us.
ENDS_WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


class Server:
    """A child process that listens on 127.0.0.1:port; stopped by its pid."""

    def __init__(self, argv, port, log, stop_signal=signal.SIGTERM, env=None):
        self.stop_signal = stop_signal
        argv = [*ENDS_WITH_US, *map(str, argv)]
        self.proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=open(log, "ab"),
                                     stderr=subprocess.STDOUT, env=env)
        self.pid = self.proc.pid
        for _ in range(600):
            if self.proc.poll() is not None:
                raise RuntimeError(f"{argv[0]} exited: {Path(log).read_text()[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{argv[0]} does not listen on {port}")

    def stop(self):
        if self.proc.poll() is None:
            self.proc.send_signal(self.stop_signal)
            try:
                self.proc.wait(60)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()


def process_tree(pid):
    """pid and all its descendants."""
    if not ON_LINUX:
        return {pid}
    parents = {}
    for p in Path("/proc").iterdir():
        if p.name.isdigit():
            try:
                parents[int(p.name)] = int((p / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    out, grew = {pid}, True
    while grew:
        more = {c for c, p in parents.items() if p in out} - out
        out |= more
        grew = bool(more)
    return out


def cpu_seconds(pids):
    total = 0
    for p in pids:
        try:
            f = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(x) for x in f[11:15])  # utime stime cutime cstime
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


def machine_cpu():
    """CPU seconds all processes of the machine have used (with what the hypervisor stole)."""
    if not ON_LINUX:
        return 0.0
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return (v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / os.sysconf("SC_CLK_TCK")


def wait_quiet(seconds, cores=0.4, sample=0.25):
    """Waits, `seconds` at most, until the whole machine uses less than `cores`."""
    if not ON_LINUX or os.environ.get("BENCH_NO_WAIT"):
        return
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        a = machine_cpu()
        time.sleep(sample)
        if machine_cpu() - a < cores * sample:
            return


def status_kb(pid, field):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def own_cpu():
    a, b = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return a.ru_utime + a.ru_stime + b.ru_utime + b.ru_stime


def tree_bytes(path):
    return sum(f.stat().st_size for f in Path(path).rglob("*") if f.is_file() and f.suffix != ".log")


def file_system(path):
    """The type of the file system that holds `path`, as in ext4 or tmpfs; empty where /proc does not tell."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return ""
    holding = [m for m in mounts if Path(path).resolve().is_relative_to(m[1])]
    return max(holding, key=lambda m: len(m[1]))[2] if holding else ""


def dpkg(package):
    if not shutil.which("dpkg-query"):
        return ""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True).stdout


def pip_version(*packages):
    from importlib.metadata import version
    return {p: version(p) for p in packages}


def percentiles(seconds):
    s = sorted(seconds)
    at = lambda q: s[min(len(s) - 1, int(q * len(s)))] * 1000
    return {"n": len(s), "p50_ms": at(0.50), "p99_ms": at(0.99), "mean_ms": statistics.fmean(s) * 1000}


def fresh_dir(path):
    shutil.rmtree(path, ignore_errors=True)
    Path(path).mkdir(parents=True)
    return Path(path)
