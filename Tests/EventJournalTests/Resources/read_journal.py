"""Prints the rows of the segments in a folder as another reader of Parquet has them, one JSON object per line.

    read_journal.py pyarrow|duckdb|polars FOLDER

Timestamps are microseconds since 1970 UTC, and the type of the column must say so; bytes are in hexadecimal.
"""

import glob
import json
import sys

COLUMNS = ["event_id", "timestamp", "key", "source", "sequence", "data", "data_bytes", "batch_id", "op"]


def pyarrow_rows(files):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in files:
        # As the file is, without the columns a dataset would make of the path.
        table = pq.ParquetFile(file).read(columns=COLUMNS)
        assert table.schema.field("timestamp").type == pa.timestamp("us", tz="UTC"), table.schema
        for name in COLUMNS:
            kind = table.schema.field(name).type
            wanted = pa.binary() if name == "data_bytes" else pa.string()
            assert name == "timestamp" or kind == wanted, (name, kind)
        table = table.set_column(1, "timestamp", table.column("timestamp").cast(pa.int64()))
        yield from table.to_pylist()


def duckdb_rows(files):
    import duckdb

    relation = duckdb.read_parquet(files)
    kinds = dict(zip(relation.columns, map(str, relation.types)))
    assert kinds["timestamp"] == "TIMESTAMP WITH TIME ZONE", kinds
    assert all(kinds[name] == ("BLOB" if name == "data_bytes" else "VARCHAR") for name in COLUMNS if name != "timestamp"), kinds
    names = ["epoch_us(timestamp)" if name == "timestamp" else name for name in COLUMNS]
    for row in relation.project(", ".join(names)).fetchall():
        yield dict(zip(COLUMNS, row))


def polars_rows(files):
    import polars as pl

    frame = pl.read_parquet(files, columns=COLUMNS)
    assert frame.schema["timestamp"] == pl.Datetime("us", "UTC"), frame.schema
    assert all(
        frame.schema[name] == (pl.Binary if name == "data_bytes" else pl.String) for name in COLUMNS if name != "timestamp"
    ), frame.schema
    yield from frame.with_columns(pl.col("timestamp").cast(pl.Int64)).iter_rows(named=True)


def main():
    engine, folder = sys.argv[1:]
    files = sorted(glob.glob(folder + "/*.parquet"))
    for row in {"pyarrow": pyarrow_rows, "duckdb": duckdb_rows, "polars": polars_rows}[engine](files):
        row["data_bytes"] = None if row["data_bytes"] is None else row["data_bytes"].hex()
        print(json.dumps(row))


main()
