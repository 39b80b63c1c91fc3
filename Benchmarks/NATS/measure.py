"""Measures how fast our NATS sink publishes beside the `nats` publisher of the peer benchmark, one after the other on fresh servers.

Both publish the same records to a stream of the same settings and await every acknowledgement. Each round runs all in turn and
prints one line of JSON for each; the last line has the ratios of the medians.

    swift build -c release --product nats-benchmark
    .tools/venv/bin/python Benchmarks/NATS/measure.py --events 200000 --rounds 3
"""
import argparse
import json
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    work = Workload(options.events, singles=0)
    events = list(work.events())
    batches = [events[i:i + 1000] for i in range(0, len(events), 1000)]
    rates = {}
    for _ in range(options.rounds):
        for name, batch, ids in [("nats", 1000, False), *OURS]:
            with tempfile.TemporaryDirectory() as folder:
                peer = Nats(folder, work)
                peer.setup()
                try:
                    result = publisher(peer, batches) if name == "nats" else ours(peer, work.path, batch, ids)
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
