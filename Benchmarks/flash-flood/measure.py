"""Measures `highwater import --from flash-flood` and `highwater replay` beside the original library's replay of the same events.

All read from the same server on this machine: moto, or with --fast the one of Benchmarks/object-stores. The prefix is written by the original's own classes: journals of a
number of events each, or events never combined (--new). The journal that is replayed is an import of it into the same
bucket. Prints one line of JSON per measurement; --puts counts the requests of the original's puts instead.

    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --events 200000 --per-journal 10000
    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --events 2000 --new
    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --events 200000 --fast
    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --events 20000 --per-journal 100 --fast --latency 20
    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --puts 1000
"""
import argparse
import collections
import contextlib
import datetime
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config
from flashflood import FlashFlood
from flashflood.util import datetime_to_timestamp

ROOT = Path(__file__).resolve().parent.parent.parent
START = datetime.datetime(2024, 3, 1)


def payload(source, number, size):
    body = json.dumps({"n": number, "user": f"u{source.randrange(10_000)}", "amount": source.randrange(10**6)})
    filler = "".join(source.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=max(0, size - len(body) - 11)))
    return (body[:-1] + f', "pad": "{filler}"}}').encode()


def build(flood, arguments):
    source = random.Random(arguments.seed)
    events, data = [], bytearray()
    per_journal = 1 if arguments.new else arguments.per_journal
    for number in range(arguments.events):
        body = payload(source, number, arguments.bytes)
        moment = datetime_to_timestamp(START + datetime.timedelta(milliseconds=100 * number))
        events.append(dict(event_id=f"{source.getrandbits(128):032x}", timestamp=moment, offset=len(data), size=len(body)))
        data += body
        if len(events) == per_journal or number + 1 == arguments.events:
            version = "new" if arguments.new else "2024-06-01T000000.000000Z"
            flood._Journal(events, data=bytes(data), version=version).upload()
            events, data = [], bytearray()


def original(flood):
    start = time.monotonic()
    events = size = 0
    for event in flood.replay():
        events += 1
        size += len(event.data)
    return events, size, time.monotonic() - start


def highwater(url, journal, compact=False):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="secret")
    program = os.environ.get("HIGHWATER_BINARY", ROOT / ".build/release/highwater")
    start = time.monotonic()
    options = ["--json"] if compact else ["--json", "--no-compact"]
    output = subprocess.run([program, "import", journal, "--from", "flash-flood", url, *options],
                            env=environment, check=True, capture_output=True, text=True).stdout
    report = json.loads(output)
    return report["imported"], report["payload_bytes"], time.monotonic() - start


def replay(journal):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="secret")
    program = os.environ.get("HIGHWATER_BINARY", ROOT / ".build/release/highwater")
    with tempfile.TemporaryFile() as output:
        subprocess.run([program, "replay", journal], env=environment, check=True, stdout=output)
        output.seek(0)
        events = size = 0
        for line in output:
            events += 1
            size += len(line) - 1
    # What is counted here is not written down while the time is taken, as the original's events are not.
    start = time.monotonic()
    subprocess.run([program, "replay", journal], env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    return events, size, seconds


def count_puts(endpoint, puts, writers):
    """The requests of the original's puts by some writers at once, by method."""
    lock, counts, failures = threading.Lock(), collections.Counter(), []

    def count(request, **_):
        with lock:
            counts[request.method if "list-type" not in request.url and "prefix=" not in request.url else "LIST"] += 1

    def write(number):
        try:
            s3 = connect(endpoint, count)
            flood = FlashFlood(s3, "bench", f"puts-{writers}")
            for event in range(number, puts, writers):
                flood.put(b"x" * 470, event_id=f"{event:08d}", date=START + datetime.timedelta(milliseconds=event))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return dict(counts)


def connect(endpoint, count=None):
    session = boto3.session.Session()
    s3 = session.resource("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                          aws_secret_access_key="secret", config=Config(s3={"addressing_style": "path"}))
    if count:
        s3.meta.client.meta.events.register("before-send.s3", count)
    return s3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--per-journal", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=470)
    parser.add_argument("--new", action="store_true", help="events that were never combined")
    parser.add_argument("--puts", type=int, default=0, help="count the requests of so many puts by 1, 8 and 64 writers")
    parser.add_argument("--fast", action="store_true", help="a server that sends files by the kernel instead of moto")
    parser.add_argument("--latency", type=float, default=0, help="with --fast: milliseconds that each request waits")
    parser.add_argument("--replays", action="store_true", help="replays alone, no imports")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program = [ROOT / "Tests/S3StorageTests/Support/moto_server.py"]
    if arguments.fast:
        program = [ROOT / "Benchmarks/object-stores/server.py", "--latency", str(arguments.latency)]
    server = subprocess.Popen([sys.executable, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
    s3 = connect(endpoint)
    s3.create_bucket(Bucket="bench")
    flood = FlashFlood(s3, "bench", "flood")
    scratch = tempfile.mkdtemp()
    try:
        if arguments.puts:
            for writers in (1, 8, 64):
                with contextlib.redirect_stdout(io.StringIO()):
                    counts = count_puts(endpoint, arguments.puts, writers)
                # List prices of S3 in us-east-1, dollars for a request.
                cost = sum(n * (0.0004 if method in ("GET", "HEAD") else 0 if method == "DELETE" else 0.005) / 1000
                           for method, n in counts.items())
                print(json.dumps({"what": "flash-flood puts", "puts": arguments.puts, "writers": writers,
                                  "requests": sum(counts.values()), **counts, "dollars": round(cost, 5)}), flush=True)
            return
        with contextlib.redirect_stdout(io.StringIO()):
            build(flood, arguments)
        copy = f"s3://bench/journal?endpoint={endpoint}&region=us-east-1"
        highwater(f"s3://bench/flood?endpoint={endpoint}&region=us-east-1", copy, compact=True)
        for number in range(arguments.rounds):
            def report(name, result):
                events, size, seconds = result
                print(json.dumps({"what": name, "round": number, "events": events, "payload_bytes": size,
                                  "seconds": round(seconds, 2), "events_per_second": int(events / seconds),
                                  "megabytes_per_second": round(size / seconds / 1e6, 1)}), flush=True)

            with contextlib.redirect_stdout(io.StringIO()):
                result = original(flood)
            report("flash-flood replay", result)
            report("highwater replay", replay(copy))
            if arguments.replays:
                continue
            journal = f"{scratch}/journal-{number}"
            url = f"s3://bench/flood?endpoint={endpoint}&region=us-east-1"
            report("highwater import", highwater(url, journal))
            report("highwater import, all there already", (arguments.events, *highwater(url, journal)[1:]))
        # The server is a child as well, but one that has not been waited for.
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(json.dumps({"what": "highwater import, most memory", "bytes": memory}))
    finally:
        shutil.rmtree(scratch)
        server.stdin.close()
        server.wait()


if __name__ == "__main__":
    main()
