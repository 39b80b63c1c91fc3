"""A producer by boto3: producer.py ENDPOINT STREAM COMMAND [ARGUMENTS].

create SHARDS                  makes the stream, and a bucket of its name
put FIRST COUNT [AGGREGATED]   puts records "FIRST…" with keys key-(n mod 13), by PutRecords; AGGREGATED hex goes as one more
run FIRST COUNT SECONDS        the same over a time, splitting and merging shards meanwhile
"""
import json
import sys
import time

import boto3

endpoint, stream, command, *arguments = sys.argv[1:]


def service(name):
    return boto3.client(name, endpoint_url=endpoint, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="secret")


client = service("kinesis")


def records(numbers):
    return [{"PartitionKey": f"key-{n % 13}", "Data": json.dumps({"number": n, "at": 1_600_000_000 + n}).encode()}
            for n in numbers]


def put(numbers):
    wanted = records(numbers)
    for start in range(0, len(wanted), 500):
        answer = client.put_records(StreamName=stream, Records=wanted[start:start + 500])
        assert answer["FailedRecordCount"] == 0, answer


def open_shards():
    shards = client.list_shards(StreamName=stream)["Shards"]
    shards = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    return sorted(shards, key=lambda s: int(s["HashKeyRange"]["StartingHashKey"]))


def split():
    shard = max(open_shards(), key=lambda s: int(s["HashKeyRange"]["EndingHashKey"]) - int(s["HashKeyRange"]["StartingHashKey"]))
    low, high = (int(shard["HashKeyRange"][k]) for k in ("StartingHashKey", "EndingHashKey"))
    client.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str((low + high) // 2))


def merge():
    shards = open_shards()
    client.merge_shards(StreamName=stream, ShardToMerge=shards[0]["ShardId"], AdjacentShardToMerge=shards[1]["ShardId"])


if command == "create":
    service("s3").create_bucket(Bucket=stream)
    client.create_stream(StreamName=stream, ShardCount=int(arguments[0]))
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    sys.exit()
first, count = int(arguments[0]), int(arguments[1])
if command == "put":
    put(range(first, first + count))
    if len(arguments) > 2:
        client.put_record(StreamName=stream, PartitionKey="packed", Data=bytes.fromhex(arguments[2]))
elif command == "run":
    steps = 20
    for step in range(steps):
        put(range(first + count * step // steps, first + count * (step + 1) // steps))
        if step in (3, 7, 12):
            split()
        if step in (5, 10, 15):
            merge()
        time.sleep(float(arguments[2]) / steps)
print("done")
