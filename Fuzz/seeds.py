#!/usr/bin/env python3
"""Writes small Parquet files in every encoding, page version and codec that pyarrow has, for a fuzzer to begin with.

  seeds.py DIRECTORY
"""
import datetime
import itertools
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 40


def columns():
    words = ["", "a", "flood", "flux", None, "ÄÖÜ", "x" * 70]
    cycle = lambda values: [v for v, _ in zip(itertools.cycle(values), range(ROWS))]
    return {
        "ints": (pa.array(cycle([1, -5, None, 1 << 60]), pa.int64()), ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"]),
        "small": (pa.array(range(ROWS), pa.int32()), ["PLAIN", "DELTA_BINARY_PACKED"]),
        "doubles": (pa.array(cycle([0.5, float("nan"), None]), pa.float64()), ["PLAIN", "BYTE_STREAM_SPLIT"]),
        "flags": (pa.array(cycle([True, False, None]), pa.bool_()), ["PLAIN", "RLE"]),
        "strings": (pa.array(cycle(words), pa.string()), ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]),
        "fixed": (pa.array(cycle([b"0123456789abcdef", None]), pa.binary(16)), ["PLAIN", "BYTE_STREAM_SPLIT"]),
        "times": (pa.array(cycle([datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc), None]), pa.timestamp("us", "UTC")), ["PLAIN", "DELTA_BINARY_PACKED"]),
        "lists": (pa.array(cycle([[1, 2], [], None, [None]]), pa.list_(pa.int32())), []),
        "maps": (pa.array(cycle([[("k", "v")], [], None]), pa.map_(pa.string(), pa.string())), []),
        "structs": (pa.array(cycle([{"a": 1, "b": {"c": "x"}}, None]), pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.string())]))])), []),
    }


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, (values, encodings) in columns().items():
        table = pa.table({name: values})
        for version, codec in itertools.product(["1.0", "2.0"], ["none", "snappy", "zstd", "gzip"]):
            settings = dict(data_page_version=version, compression=codec, data_page_size=128, write_page_index=True, write_page_checksum=True)
            pq.write_table(table, out / f"{name}-dictionary-{version}-{codec}.parquet", use_dictionary=True, row_group_size=25, **settings)
            if codec in ("none", "zstd"):
                for encoding in encodings:
                    pq.write_table(table, out / f"{name}-{encoding}-{version}-{codec}.parquet", use_dictionary=False, column_encoding={name: encoding}, **settings)


if __name__ == "__main__":
    main()
