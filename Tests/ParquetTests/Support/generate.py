"""Writes Parquet files in many encodings, all from one seed, and prints their paths.

    generate.py FOLDER SEED
"""

import datetime
import decimal
import os
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder, seed = sys.argv[1], int(sys.argv[2])
random.seed(seed)

ROWS = 1500


def maybe(make, nulls):
    return None if random.random() < nulls else make()


def words():
    return "".join(random.choice("abcdefghij ") for _ in range(random.choice([0, 1, 3, 12, 40])))


def near(step, start=0):
    value = start
    while True:
        value += random.randint(-step, step * 3)
        yield value


counter = near(1000, 1_700_000_000_000_000)

MAKERS = {
    "boolean": (pa.bool_(), lambda: random.random() < 0.3),
    "int8": (pa.int8(), lambda: random.randint(-128, 127)),
    "uint16": (pa.uint16(), lambda: random.randint(0, 65535)),
    "int32": (pa.int32(), lambda: random.randint(-(2**31), 2**31 - 1)),
    "uint32": (pa.uint32(), lambda: random.randint(0, 2**32 - 1)),
    "int64": (pa.int64(), lambda: random.randint(-(2**63), 2**63 - 1)),
    "small": (pa.int64(), lambda: random.randint(0, 5)),
    "uint64": (pa.uint64(), lambda: random.randint(0, 2**64 - 1)),
    "float": (pa.float32(), lambda: random.choice([0.0, -0.0, float("nan"), 1.5, random.uniform(-1e30, 1e30)])),
    "double": (pa.float64(), lambda: random.choice([0.0, float("inf"), random.uniform(-1e300, 1e300)])),
    "date": (pa.date32(), lambda: datetime.date(1900, 1, 1) + datetime.timedelta(random.randint(0, 90000))),
    "timestamp": (pa.timestamp("us", tz="UTC"), lambda: next(counter)),
    "string": (pa.string(), words),
    "key": (pa.string(), lambda: "key-%d" % random.randint(0, 30)),
    "binary": (pa.binary(), lambda: random.randbytes(random.choice([0, 1, 7, 100]))),
    "fixed": (pa.binary(5), lambda: random.randbytes(5)),
    "decimal": (pa.decimal128(20, 4), lambda: decimal.Decimal(random.randint(-(10**19), 10**19)).scaleb(-4)),
}


def column(name, nulls, rows=ROWS):
    kind, make = MAKERS[name]
    return pa.array([maybe(make, nulls) for _ in range(rows)], kind)


def flat(nulls, names=MAKERS):
    arrays = {name: column(name, nulls) for name in names}
    fields = [pa.field(name, array.type, nullable=nulls > 0) for name, array in arrays.items()]
    return pa.table(list(arrays.values()), schema=pa.schema(fields))


def nested():
    point = pa.struct([pa.field("x", pa.int32(), nullable=False), pa.field("y", pa.float64())])
    kind = {
        "point": point,
        "numbers": pa.list_(pa.int64()),
        "matrix": pa.list_(pa.list_(pa.int32())),
        "tags": pa.map_(pa.string(), pa.string()),
        "deep": pa.struct([pa.field("points", pa.list_(point)), pa.field("more", pa.map_(pa.int32(), pa.list_(pa.string())))]),
        "required": pa.list_(pa.field("element", pa.int32(), nullable=False)),
    }

    def some(make, nulls=0.15):
        return [maybe(make, nulls) for _ in range(random.choice([0, 0, 1, 2, 5, 30]))]

    def integer():
        return random.randint(-1000, 1000)

    def a_point():
        return {"x": integer(), "y": maybe(random.random, 0.3)}

    def tags(value):
        return [(key, value()) for key in random.sample(range(1000), random.choice([0, 1, 3]))]

    def row():
        return {
            "point": maybe(a_point, 0.2),
            "numbers": maybe(lambda: some(integer), 0.2),
            "matrix": maybe(lambda: some(lambda: some(integer)), 0.2),
            "tags": maybe(lambda: [(str(key), value) for key, value in tags(lambda: maybe(words, 0.3))], 0.2),
            "deep": maybe(
                lambda: {
                    "points": maybe(lambda: some(a_point), 0.2),
                    "more": maybe(lambda: tags(lambda: maybe(lambda: some(words), 0.2)), 0.2),
                },
                0.2,
            ),
            "required": some(integer, 0),
        }

    rows = [row() for _ in range(1000)]
    fields = [pa.field(name, value, nullable=name != "required") for name, value in kind.items()]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def write(name, table, **options):
    path = os.path.join(folder, name + ".parquet")
    options = {"compression": "none", "use_dictionary": False, "write_page_checksum": True, **options}
    pq.write_table(table, path, **options)
    print(path)


INTEGERS = ["int8", "uint16", "int32", "uint32", "int64", "small", "uint64", "date", "timestamp"]
NUMBERS = [name for name in INTEGERS if name != "int8"] + ["float", "double", "fixed", "decimal"]

for version in ["1.0", "2.0"]:
    for nulls in [0, 0.3]:
        base = f"v{version[0]}-nulls{int(nulls * 100)}"
        pages = {"data_page_version": version}
        small = {**pages, "data_page_size": 2000, "write_batch_size": 100}
        write(f"{base}-plain", flat(nulls), **pages)
        write(f"{base}-plain-pages-index", flat(nulls), **small, write_page_index=True, row_group_size=1111)
        write(f"{base}-dictionary", flat(nulls), **pages, use_dictionary=True)
        write(f"{base}-dictionary-fallback", flat(nulls), **small, use_dictionary=True, dictionary_pagesize_limit=3000)
        for codec in ["snappy", "gzip", "zstd"]:
            write(f"{base}-{codec}", flat(nulls), **small, use_dictionary=["key", "small"], compression=codec)
        write(
            f"{base}-delta-binary-packed",
            flat(nulls, INTEGERS),
            **small,
            column_encoding={name: "DELTA_BINARY_PACKED" for name in INTEGERS},
        )
        texts = ["string", "key", "binary"]
        write(
            f"{base}-delta-length",
            flat(nulls, texts),
            **pages,
            column_encoding={name: "DELTA_LENGTH_BYTE_ARRAY" for name in texts},
        )
        fixed = texts + ["fixed", "decimal"]
        write(
            f"{base}-delta-byte-array",
            flat(nulls, fixed),
            **small,
            column_encoding={name: "DELTA_BYTE_ARRAY" for name in fixed},
        )
        write(
            f"{base}-byte-stream-split",
            flat(nulls, NUMBERS),
            **small,
            column_encoding={name: "BYTE_STREAM_SPLIT" for name in NUMBERS},
        )
        write(f"{base}-rle-boolean", flat(nulls, ["boolean"]), **pages, column_encoding={"boolean": "RLE"})
    write(f"v{version[0]}-nested", nested(), **pages, compression="zstd")
    write(f"v{version[0]}-nested-pages", nested(), **small, use_dictionary=True, row_group_size=300)
    write(f"v{version[0]}-nested-index", nested(), **small, write_page_index=True)

write("all-null", pa.table({name: pa.nulls(ROWS, kind) for name, (kind, _) in MAKERS.items()}), compression="zstd")
write("no-rows", flat(0).slice(0, 0))
write("null-type", pa.table({"nothing": pa.nulls(10)}))
