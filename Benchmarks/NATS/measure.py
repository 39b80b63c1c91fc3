"""Measures how fast our NATS sink, and `highwater replay-to` with it, publish beside the `nats` publisher of the peer benchmark.

All publish to a stream of the same settings on a fresh server, one after the other, and await every acknowledgement. The sink has
the records of the publisher in memory. replay-to is timed from its start to its end, with what it reads from a journal on disk, its job
object and its message ids; its records are the lines of the file, which hold the event's id and key besides what the publisher's
have. Each round runs all in turn and prints one line of JSON for each; the last line has the ratios of the medians.

    scripts/release highwater nats-benchmark
    .tools/venv/bin/python Benchmarks/NATS/measure.py --events 200000 --rounds 3
"""
import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks" / "peers"))

from common import Workload  # noqa: E402
from systems.nats_js import Nats  # noqa: E402

# Name and options.
REPLAYS = [("replay-to", []), ("replay-to-1000", ["--batch", "1000"]), ("replay-to-20000", ["--batch", "20000"])]

# Name, records of a send, whether they carry ids.
OURS = [("ours", 1000, False), ("ours-10000", 10000, False), ("ours-ids", 1000, True)]


def stored(peer):
    return peer.api("STREAM.INFO.EV", {})["state"]["messages"]


def publisher(peer, batches):
    begin = time.perf_counter()
    for batch in batches:
        peer.append_batch(batch)
    return {"seconds": time.perf_counter() - begin}


def ours(peer, path, batch, ids):
    url = f"nats://127.0.0.1:{peer.port}/EV?subject=ev.{{key}}"
    argv = [ROOT / ".build/release/nats-benchmark", url, path, str(batch), *(["ids"] if ids else [])]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def imported(path, folder):
    """A journal of the events, whose keys are their ids: so they get the publisher's subjects."""
    journal = f"{folder}/journal"
    fields = ["--id", "event_id", "--timestamp", "timestamp", "--key", "event_id"]
    subprocess.run([ROOT / ".build/release/highwater", "import", journal, path, *fields], check=True, capture_output=True)
    return journal


def replay_to(peer, journal, options):
    url = f"nats://127.0.0.1:{peer.port}/EV?subject=ev.{{key}}"
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([ROOT / ".build/release/highwater", "replay-to", journal, url, *options], check=True, capture_output=True)
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": round(used, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    work = Workload(options.events, singles=0)
    events = list(work.events())
    batches = [events[i:i + 1000] for i in range(0, len(events), 1000)]
    rates = {}
    with tempfile.TemporaryDirectory() as held:
        journal = imported(work.path, held)
        runs = {"nats": lambda peer: publisher(peer, batches)}
        for name, batch, ids in OURS:
            runs[name] = lambda peer, batch=batch, ids=ids: ours(peer, work.path, batch, ids)
        for name, more in REPLAYS:
            runs[name] = lambda peer, more=more: replay_to(peer, journal, more)
        for _ in range(options.rounds):
            for name, run in runs.items():
                with tempfile.TemporaryDirectory() as folder:
                    peer = Nats(folder, work)
                    peer.setup()
                    try:
                        result = run(peer)
                        count = stored(peer)
                    finally:
                        peer.teardown()
                if count != options.events:
                    sys.exit(f"{name}: {count} records are there, {options.events} were sent")
                result["rate"] = round(options.events / result["seconds"])
                rates.setdefault(name, []).append(result["rate"])
                print(json.dumps({"name": name, **result}), flush=True)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    print(json.dumps({"ratios": {name: round(rate / middle["nats"], 2) for name, rate in middle.items()}, "medians": middle}))


main()
