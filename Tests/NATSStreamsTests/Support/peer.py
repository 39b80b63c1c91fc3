"""Produces and consumes by nats-py, a client that is not ours: peer.py URL STREAM create|produce|consume|count FIRST COUNT [SUBJECT]

create makes the stream with the subjects STREAM.>.

produce publishes the numbers FIRST to FIRST + COUNT - 1 as `{"number":N}` to SUBJECT.key-(N mod 7), each acknowledged, with a message
id, and says "done". It goes on through restarts of the server: what was not acknowledged is published again.
consume reads COUNT messages from FIRST on and prints `SUBJECT SEQUENCE HEADERS PAYLOAD`, one a line.
count prints how many messages the stream has.
"""
import asyncio
import json
import sys

import nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy


async def produce(js, subject, first, count):
    for number in range(first, first + count):
        while True:
            try:
                await js.publish(f"{subject}.key-{number % 7}", b'{"number":%d}' % number, timeout=1,
                                 headers={"Nats-Msg-Id": f"peer-{number}"})
                break
            except (nats.errors.Error, asyncio.TimeoutError, nats.js.errors.Error, OSError):
                await asyncio.sleep(0.05)
        if number % 10 == 0:
            await asyncio.sleep(0.005)
    print("done", flush=True)


async def consume(js, stream, first, count):
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=first)
    consumer = await js.pull_subscribe(">", stream=stream, config=config)
    got = 0
    while got < count:
        for message in await consumer.fetch(min(500, count - got), timeout=10):
            head = json.dumps(message.headers or {}, sort_keys=True, separators=(",", ":"))
            print(message.subject, message.metadata.sequence.stream, head, message.data.decode())
            got += 1


async def main():
    url, stream, what, first, count = sys.argv[1:6]
    connection = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    js = connection.jetstream()
    if what == "create":
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
    elif what == "count":
        print((await js.stream_info(stream)).state.messages)
    elif what == "produce":
        await produce(js, sys.argv[6], int(first), int(count))
    else:
        await consume(js, stream, int(first), int(count))
    await connection.close()


asyncio.run(main())
