"""Prints the aggregated records that AggregatedRecordTests compares with: pip install aws_kinesis_agg six; vectors.py."""
from aws_kinesis_agg.aggregator import RecordAggregator


def aggregate(*records):
    aggregator = RecordAggregator()
    for key, data, hash_key in records:
        aggregator.add_user_record(key, data, hash_key)
    return aggregator.clear_and_get().get_contents()[2].hex()


print("two keys", aggregate(("alpha", b"first", None), ("beta", b"\xff\x00second", None), ("alpha", b"third", None)))
print("hash key", aggregate(("k", b'{"a":1}', "123456789012345678901234567890")))
print("unicode", aggregate(("schlüssel", b"", None)))
