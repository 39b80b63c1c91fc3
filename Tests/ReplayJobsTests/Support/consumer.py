"""A consumer by boto3: consumer.py ENDPOINT STREAM. Prints each record of each shard, in order: key, sequence number, payload."""
import sys

import boto3

endpoint, stream = sys.argv[1:]
client = boto3.client("kinesis", endpoint_url=endpoint, region_name="us-east-1",
                      aws_access_key_id="test", aws_secret_access_key="secret")
for shard in client.list_shards(StreamName=stream)["Shards"]:
    iterator = client.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"],
                                         ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while iterator:
        answer = client.get_records(ShardIterator=iterator, Limit=10_000)
        for record in answer["Records"]:
            print(record["PartitionKey"], record["SequenceNumber"], record["Data"].decode(), sep="\t")
        if not answer["Records"] and answer["MillisBehindLatest"] == 0:
            break
        iterator = answer.get("NextShardIterator")
