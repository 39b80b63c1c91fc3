#!/usr/bin/env python3
"""Runs peers and writes results.

  run.py --peers all                       every peer at its default size
  run.py --peers sqlite,postgres@1000000   chosen peers, size given with @N
  run.py --vs highwater                    the tables, and a second one with every figure as a ratio to `highwater`
  run.py --table                           only rebuild the Markdown from results/<run>/*.json
  run.py --smoke                           the right counts and bytes at 5,000 events from Highwater alone; no times

Every peer runs in a fresh child process (so peak memory is its own), `--rounds` times, peers taking turns; in a round
each read is done `--repeat` times. A figure is the median over rounds of the median over repeats; `_range` has the
lowest and the highest round. Limits and filter tools are the pseudo-peers `limits` and `filters`.
"""
import argparse
import datetime
import itertools
import json
import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.dont_write_bytecode = True
from common import (DATA, HERE, RANGE, Consumer, Workload, cpu_seconds, crc32, file_system, fresh_dir, machine_cpu,
                    own_cpu, percentiles, process_tree, wait_quiet)
from systems import PEERS, load

TIME_CAP = 20  # seconds for a one-by-one series; what was done until then is reported


class Clock:
    """Wall, client CPU, server CPU and other processes' CPU seconds, added up over its uses."""

    def __init__(self, peer):
        self.peer, self.wall, self.client, self.server, self.all = peer, 0.0, 0.0, 0.0, 0.0

    def pids(self):
        return {p for s in self.peer.servers for p in process_tree(s.pid)}

    def __enter__(self):
        self.a0, self.s0, self.c0, self.t0 = machine_cpu(), cpu_seconds(self.pids()), own_cpu(), time.perf_counter()

    def __exit__(self, *_):
        self.wall += time.perf_counter() - self.t0
        self.client += own_cpu() - self.c0
        self.server += cpu_seconds(self.pids()) - self.s0
        self.all += machine_cpu() - self.a0

    def rates(self, count, size):
        return {"s": self.wall, "events": count, "eps": count / self.wall, "mbs": size / self.wall / 1e6,
                "client_cpu": self.client / self.wall, "server_cpu": self.server / self.wall,
                "other_cpu": max(0.0, self.all - self.client - self.server) / self.wall}


def best_of(peer, repeat, body):
    """Median by wall time of `repeat` runs of body() -> (count, bytes)."""
    runs = []
    for _ in range(repeat):
        wait_quiet(15)
        c = Clock(peer)
        with c:
            count, size = body()
        runs.append(c.rates(count, size))
    return sorted(runs, key=lambda r: r["s"])[len(runs) // 2]


def one_by_one(items, body, cap=TIME_CAP):
    times, end = [], time.perf_counter() + cap
    for x in items:
        t = time.perf_counter()
        body(x)
        now = time.perf_counter()
        times.append(now - t)
        if now > end:
            break
    return percentiles(times)


def check(ok, what):
    if not ok:
        raise AssertionError(f"wrong answer: {what}")


def measure(name, n, repeat):
    """One round of one peer, in this process."""
    cls = load(name)
    w = Workload(n or cls.n, cls.singles)
    facts, payload = w.facts, w.facts["all"]["bytes"]
    dir = fresh_dir(DATA / "run" / name)
    p = cls(dir, w)
    out = {"peer": name, "n": w.n, "payload_bytes": payload, "durability": p.durability, "notes": p.notes}

    def read(op, body):
        try:
            out[op] = best_of(p, repeat, body)
        except NotImplementedError:
            pass

    def replay(expect, body, exact):
        c = Consumer()
        body(c)
        got = c.result()
        check(got["count"] == expect["count"] and (not exact or got == expect), f"replay {got}, expected {expect}")
        return c.count, c.bytes

    def native():
        check(p.replay_native() > payload, "replay_native")
        return w.n, payload

    def get(item):
        data = p.get_by_id(item[0])
        check(data and (not p.exact or crc32(data) == item[1]), f"get {item[0]}")

    def filter_():
        rows, total = p.filter()
        check(rows == facts["filter_count"] and math.isclose(total, facts["filter_sum"], rel_tol=1e-9), "filter")
        return w.n, payload

    def count():
        check(p.sql_count() == facts["count"], "sql_count")
        return w.n, payload

    def group():
        check(p.sql_group() == facts["groups"], "sql_group")
        return w.n, payload

    try:
        p.setup()
        out["versions"] = p.versions()
        out["import_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        try:
            clock, done, size, source = Clock(p), 0, 0, w.batches(p.batch)
            while some := list(itertools.islice(source, max(1, 25_000 // p.batch))):  # few pauses for background work
                with clock:
                    for batch in some:
                        p.append_batch(batch)
                done += sum(len(b) for b in some)
                size += sum(len(e[4]) for b in some for e in b)
            out["append_batch"] = clock.rates(done, size)
        except NotImplementedError:
            pass
        try:
            if w.singles:
                out["append_single"] = one_by_one(w.tail(), p.append_single, 10 * TIME_CAP)
                check(out["append_single"]["n"] == w.singles, "append_single ran out of time")
        except NotImplementedError:
            pass
        clock = Clock(p)
        with clock:
            p.settle()
        out["settle_s"] = clock.wall
        read("replay_all", lambda: replay(facts["all"], p.replay_all, p.exact))
        read("replay_range", lambda: replay(facts["range"], lambda c: p.replay_range(*RANGE, c), p.range_exact and p.exact))
        read("replay_native", native)
        try:
            out["get_by_id"] = one_by_one(w.sample_ids(), get)
        except NotImplementedError:
            pass
        read("filter", filter_)
        read("sql_count", count)
        read("sql_group", group)
        out["disk_bytes"] = p.disk_bytes()
        out["server_rss_mb"] = p.server_rss_mb()
        out["client_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        out["extra"] = p.extra
    finally:
        p.teardown()
        shutil.rmtree(dir, ignore_errors=True)
    return out


# -- rounds --------------------------------------------------------------------------------------------------------------

def merge(rounds):
    """Median of every number over the rounds; the lowest and the highest stand beside it under `_range`."""
    first = rounds[0]
    if isinstance(first, dict):
        out = {k: merge([r[k] for r in rounds if k in r]) for k in first}
        span = {k: [min(v), max(v)] for k in ("eps", "mbs", "p50_ms", "p99_ms") if k in first
                for v in [[r[k] for r in rounds if k in r]]}
        return {**out, "_range": span} if span else out
    if isinstance(first, (int, float)) and not isinstance(first, bool):
        return statistics.median(rounds)
    return first


def child(name, n, repeat, path):
    wait_quiet(60, sample=1)
    r = subprocess.run([sys.executable, __file__, "--one", name, "--n", str(n or 0), "--repeat", str(repeat),
                        "--json", str(path)], stdin=subprocess.DEVNULL)
    return r.returncode == 0


SMOKE = [("highwater", 5_000), ("highwater-import", 5_000)]


def smoke():
    """Runs Highwater once at a small size; `measure` raises where a count or a CRC-32 over the payloads is wrong."""
    os.environ["BENCH_NO_WAIT"] = "1"
    # What must have been exercised: an operation that quietly became "not implemented" fails here.
    wanted = {"append_batch", "replay_all", "replay_range", "replay_native", "get_by_id"}
    for name, n in SMOKE:
        out = measure(name, n, repeat=1)
        missing = wanted - out.keys()
        check(not missing, f"{name} did not do {', '.join(sorted(missing))}")
        check(out["get_by_id"]["n"] == min(500, n), f"{name}: {out['get_by_id']['n']} look-ups")
        print(f"smoke: {name}: {n:,} events appended, replayed whole and in part, and looked up: counts and CRC-32 are right")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--peers", default="")
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--repeat", type=int, default=3)
    a.add_argument("--run", default="baseline", help="results/<run>/*.json and results/<run>/report.md")
    a.add_argument("--vs", help="also a table of ratios to this peer")
    a.add_argument("--table", action="store_true")
    a.add_argument("--smoke", action="store_true")
    a.add_argument("--one", help=argparse.SUPPRESS)
    a.add_argument("--n", type=int, help=argparse.SUPPRESS)
    a.add_argument("--json", help=argparse.SUPPRESS)
    a = a.parse_args()

    if a.one:
        if a.one in ("limits", "filters"):
            module = __import__(a.one)
            result = module.measure(Workload(a.n or module.N), a.repeat)
        else:
            result = measure(a.one, a.n, a.repeat)
        Path(a.json).write_text(json.dumps(result))
        return

    if a.smoke:
        smoke()
        return

    if file_system(DATA) in ("tmpfs", "ramfs"):
        print(f"# {DATA} is in memory, where an fsync costs nothing: set BENCH_DATA to a directory on a disk", file=sys.stderr)
    results = HERE / "results" / a.run
    results.mkdir(parents=True, exist_ok=True)
    wanted = [*PEERS, "limits", "filters"] if a.peers == "all" else [p for p in a.peers.split(",") if p]
    todo = [(p.partition("@")[0], int(p.partition("@")[2] or 0)) for p in wanted]
    rounds = {t: [] for t in todo}
    for r in range(a.rounds):
        for name, n in todo:
            tmp = DATA / "round.json"
            t = time.time()
            ok = child(name, n, a.repeat, tmp)
            print(f"# round {r + 1}/{a.rounds} {name}@{n or 'default'}: {'ok' if ok else 'FAILED'} {time.time() - t:.0f} s",
                  file=sys.stderr, flush=True)
            if ok:
                rounds[name, n].append(json.loads(tmp.read_text()))
    for (name, n), rs in rounds.items():
        if rs:
            m = merge(rs)
            m["rounds"], m["repeat"] = len(rs), a.repeat
            m["at"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
            (results / f"{name}@{m['n']}.json").write_text(json.dumps(m, indent=1) + "\n")
            print(json.dumps(m))
    import report
    text = report.markdown(results, a.vs)
    (results / "report.md").write_text(text)
    print(text)
    print(f"# {results / 'report.md'}", file=sys.stderr)
    sys.exit(1 if any(len(rs) < a.rounds for rs in rounds.values()) else 0)


if __name__ == "__main__":
    main()
