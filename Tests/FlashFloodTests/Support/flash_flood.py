"""Runs programs of operations with the original flash-flood library, on a free port; ends when its standard input does.

The argument is S3's endpoint. A request is JSON of bucket, prefix and operations; the answer has the result of each, which is
{"refused": why} where the library refuses.
"""
import base64
import contextlib
import datetime
import json
import os
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import requests
from botocore.config import Config

import flashflood
from flashflood import FlashFlood, replay_event_stream

EPOCH = datetime.datetime(1970, 1, 1)


def date(microseconds):
    return None if microseconds is None else EPOCH + datetime.timedelta(microseconds=microseconds)


def microseconds(moment):
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def event(e):
    return [e.event_id, microseconds(e.date), base64.b64encode(e.data).decode()]


class Program:
    def __init__(self, endpoint, bucket, prefix):
        self.s3 = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                                 aws_secret_access_key="secret", config=Config(s3={"addressing_style": "path"}))
        self.bucket, self.prefix = bucket, prefix
        self.flood = FlashFlood(self.s3, bucket, prefix)

    def create(self):
        self.s3.create_bucket(Bucket=self.bucket)

    def put(self, id, date, data):
        self.flood.put(base64.b64decode(data), id, globals()["date"](date))

    def update(self, id, data):
        self.flood.update_event(id, base64.b64decode(data))

    def delete(self, id):
        self.flood.delete_event(id)

    def apply(self):
        return self.flood.update()

    def journal(self, events, size=None):
        self.flood.journal(events, size)

    def collate(self, first, count):
        """Combines journals of any kind: some of the live ones."""
        journals = list(self.flood.list_journals())[first:first + count]
        self.flood.combine_journals([self.flood._Journal.from_id(id) for id in journals])

    def die_combining(self, first, count):
        """The same, but dies before the old ones are marked dead."""
        journals = [self.flood._Journal.from_id(id) for id in list(self.flood.list_journals())[first:first + count]]
        for journal in journals:
            journal.upload_tombstone = lambda: (_ for _ in ()).throw(KeyboardInterrupt())
        with contextlib.suppress(KeyboardInterrupt):
            self.flood.combine_journals(journals)

    def replay(self, first=None, last=None):
        return [event(e) for e in self.flood.replay(date(first), date(last))]

    def get(self, ids):
        out = []
        for id in ids:
            try:
                out.append(event(self.flood.get_event(id)))
            except Exception as error:
                out.append([id, None, f"{type(error).__name__}: {error}"])
        return out

    def streams(self):
        """Every stream: what the library replays of it, and the bytes at the offsets in its manifest."""
        out = []
        for stream in self.flood.list_event_streams():
            blob = requests.get(stream["stream_url"]).content
            out.append({
                "id": stream["journal_id"], "from": stream["from_date"], "to": stream["to_date"],
                "size": stream["size"], "blob": len(blob),
                "events": [[e["event_id"], base64.b64encode(blob[e["offset"]:e["offset"] + e["size"]]).decode()]
                           for e in stream["events"]],
                "replayed": [event(e) for e in replay_event_stream(stream)],
            })
        return out

    def keys(self):
        return [o.key[len(self.prefix) + 1:] for o in self.s3.Bucket(self.bucket).objects.filter(
            Prefix=self.prefix + "/")]

    def metadata(self, key):
        return self.s3.Object(self.bucket, f"{self.prefix}/{key}").metadata

    def put_object(self, key, data):
        self.s3.Object(self.bucket, f"{self.prefix}/{key}").put(Body=base64.b64decode(data))

    def remove_object(self, key):
        self.s3.Object(self.bucket, f"{self.prefix}/{key}").delete()

    def cut_object(self, key, length):
        object = self.s3.Object(self.bucket, f"{self.prefix}/{key}")
        object.put(Body=object.get()["Body"].read()[:length])

    def run(self, operations):
        results = []
        for name, arguments in operations:
            try:
                results.append({"value": getattr(self, name)(**arguments)})
            except (flashflood.exceptions.FlashFloodException, ValueError) as error:
                results.append({"refused": f"{type(error).__name__}: {error}"})
        return results


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, answer = 200, Program(sys.argv[1], request["bucket"], request["prefix"]).run(request["operations"])
        except Exception:
            status, answer = 500, traceback.format_exc()
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
sys.stdout = open(os.devnull, "w")  # the library says what it does
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
