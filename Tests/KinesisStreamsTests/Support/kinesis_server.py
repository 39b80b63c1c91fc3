"""Serves moto's Kinesis on a free port of this machine; prints the port, and ends when its standard input does.

Where moto differs from the service in what archivers live by, it is mended here: a closed shard takes no records, keeps those it
has, and ends; moto goes on writing to it, copies its records to its children, and never says that it ended. Requests are served
one at a time, since moto counts sequence numbers in two steps.
"""
import sys
import threading
from collections import OrderedDict

from moto.kinesis import models
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import md5_hash
from werkzeug.serving import WSGIRequestHandler, make_server


def shard_for_key(stream, partition_key, explicit_hash_key):
    number = int(explicit_hash_key) if explicit_hash_key else int(md5_hash(partition_key.encode()).hexdigest(), 16)
    return next(s for s in stream.shards.values() if s.is_open and s.starting_hash <= number <= s.ending_hash)


def keeping_records(change):
    """A split or merge that leaves records where they are."""
    def changed(stream, *shards):
        parents = [stream.shards[name] for name in shards if name in stream.shards]
        kept = [parent.records for parent in parents]
        for parent in parents:
            parent.records = OrderedDict()
        try:
            change(stream, *shards)
        finally:
            for parent, records in zip(parents, kept):
                parent.records = records
    return changed


def get_records(backend, stream_arn, shard_iterator, limit, original=models.KinesisBackend.get_records):
    following, records, behind = original(backend, stream_arn, shard_iterator, limit)
    name, shard_id, last = models.decompose_shard_iterator(following)
    shard = backend.describe_stream(stream_arn=stream_arn, stream_name=name).get_shard(shard_id)
    if not shard.is_open and int(last) >= shard.get_max_sequence_number():
        following = None
    return following, records, behind


models.Stream.get_shard_for_key = shard_for_key
models.Stream.split_shard = keeping_records(models.Stream.split_shard)
models.Stream.merge_shards = keeping_records(models.Stream.merge_shards)
models.KinesisBackend.get_records = get_records


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, *arguments):
        pass


class OneAtATime:
    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            return [b"".join(self.application(environ, start_response))]


application = OneAtATime(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
