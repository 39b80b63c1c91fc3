"""Measures `highwater import --from flash-flood` beside the original library's replay of the same prefix.

Both read from the same moto server on this machine. The prefix is written by the original's own classes: journals of a
number of events each, or events never combined (--new). Prints one line of JSON per measurement.

    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --events 200000 --per-journal 10000
    .tools/venv/bin/python Benchmarks/flash-flood/measure.py --events 2000 --new
"""
import argparse
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


def highwater(url, journal):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="secret")
    program = os.environ.get("HIGHWATER_BINARY", ROOT / ".build/release/highwater")
    start = time.monotonic()
    output = subprocess.run([program, "import", journal, "--from", "flash-flood", url, "--json", "--no-compact"],
                            env=environment, check=True, capture_output=True, text=True).stdout
    report = json.loads(output)
    return report["imported"], report["payload_bytes"], time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--per-journal", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=470)
    parser.add_argument("--new", action="store_true", help="events that were never combined")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    server = subprocess.Popen([sys.executable, ROOT / "Tests/S3StorageTests/Support/moto_server.py"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
    s3 = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="secret", config=Config(s3={"addressing_style": "path"}))
    s3.create_bucket(Bucket="bench")
    flood = FlashFlood(s3, "bench", "flood")
    scratch = tempfile.mkdtemp()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            build(flood, arguments)
        for number in range(arguments.rounds):
            def report(name, result):
                events, size, seconds = result
                print(json.dumps({"what": name, "round": number, "events": events, "payload_bytes": size,
                                  "seconds": round(seconds, 2), "events_per_second": int(events / seconds),
                                  "megabytes_per_second": round(size / seconds / 1e6, 1)}), flush=True)

            with contextlib.redirect_stdout(io.StringIO()):
                result = original(flood)
            report("flash-flood replay", result)
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
