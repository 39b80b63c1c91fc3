"""Serves moto's Kinesis on a free port of this machine; prints the port, and ends when its standard input does.

Where moto differs from the service in what archivers live by, it is mended here: a closed shard takes no records, keeps those it
has, and ends; moto goes on writing to it, copies its records to its children, and never says that it ended. Requests are served
one at a time, since moto counts sequence numbers in two steps.
"""
import sys
from collections import OrderedDict
from pathlib import Path

from moto.kinesis import models
from moto.utilities.utils import md5_hash

sys.dont_write_bytecode = True  # the folder is a target's
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "S3StorageTests/Support"))
from moto_server import OneAtATime, serve  # noqa: E402


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

if __name__ == "__main__":
    serve(OneAtATime())
