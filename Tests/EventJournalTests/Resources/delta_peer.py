"""What delta-rs, Polars and DuckDB make of a journal's table, and what delta-rs does to it; JSON on standard output.

    delta_peer.py watch TABLE STOP       rows of each version that is met, one JSON object per version, until STOP exists
    delta_peer.py optimize-often TABLE STOP    optimize.compact again and again, until STOP exists
    delta_peer.py read|compact|z-order|vacuum|vacuum-full|checkpoint|cleanup TABLE     once, and then the rows
    delta_peer.py double|restore TABLE     all rows once more; back to the version before; and then the rows
    delta_peer.py columns TABLE NAME...    ids and those columns, the same by all three, also where files can be skipped
"""

import datetime
import json
import os
import sys
import time

import deltalake
import duckdb
import polars
from deltalake import exceptions

COLUMNS = ["event_id", "timestamp", "key", "source", "sequence", "data", "data_bytes", "batch_id"]


def canonical(rows):
    """Rows as lists, ordered by id; timestamps in microseconds, bytes in hexadecimal."""
    return sorted([[value.hex() if isinstance(value, bytes) else value for value in row] for row in rows])


def delta_rs_rows(table):
    import pyarrow

    data = table.to_pyarrow_table(columns=COLUMNS)
    data = data.set_column(1, "timestamp", data.column("timestamp").cast(pyarrow.int64()))
    return canonical(zip(*[column.to_pylist() for column in data.columns]))


def polars_rows(table):
    frame = polars.scan_delta(table.table_uri, version=table.version()).select(COLUMNS)
    return canonical(frame.with_columns(polars.col("timestamp").cast(polars.Int64)).collect().iter_rows())


def duckdb_rows(table):
    dataset = table.to_pyarrow_dataset()
    names = ", ".join("epoch_us(timestamp)" if name == "timestamp" else name for name in COLUMNS)
    return canonical(duckdb.connect().from_arrow(dataset).project(names).fetchall())


def describe(table):
    """Version and rows, if all three have the same."""
    rows = delta_rs_rows(table)
    for other in (polars_rows, duckdb_rows):
        assert other(table) == rows, (other.__name__, table.version())
    check_skipping(table, rows)
    return {"version": table.version(), "rows": rows}


def check_skipping(table, rows):
    """Part of the rows by time: files are skipped by the statistics of the log, and none that matters."""
    if not rows:
        return
    moments = sorted(row[1] for row in rows)
    for cut in (moments[0] - 1, moments[len(moments) // 2], moments[-1] - 1):
        expected = sum(moment > cut for moment in moments)
        moment = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(microseconds=cut)
        frame = polars.scan_delta(table.table_uri, version=table.version()).filter(polars.col("timestamp") > moment)
        assert frame.collect().height == expected, ("polars", table.version(), cut)
        count = table.to_pyarrow_table(columns=["timestamp"], filters=[("timestamp", ">", moment)]).num_rows
        assert count == expected, ("delta-rs", table.version(), cut, count, expected)


def until(stop):
    """The table, again and again, and once more when all is over."""
    path = sys.argv[2]
    while True:
        is_last = os.path.exists(stop)
        try:
            yield deltalake.DeltaTable(path)
        except exceptions.TableNotFoundError:
            pass
        if is_last:
            return
        time.sleep(0.02)


def watch(stop):
    seen = set()
    for table in until(stop):
        if table.version() not in seen:
            seen.add(table.version())
            print(json.dumps(describe(table)), flush=True)


def optimize_often(stop):
    commits = conflicts = 0
    for table in until(stop):
        try:
            if table.optimize.compact()["numFilesAdded"] > 0:
                commits += 1
        except exceptions.CommitFailedError:
            conflicts += 1
        time.sleep(0.1)
    print(json.dumps({"commits": commits, "conflicts": conflicts}))


def once(command, path):
    table = deltalake.DeltaTable(path)
    if command == "compact":
        table.optimize.compact()
    elif command == "z-order":
        table.optimize.z_order(["key", "event_id"])
    elif command == "vacuum":
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    elif command == "vacuum-full":
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
    elif command == "checkpoint":
        table.create_checkpoint()
    elif command == "cleanup":
        table.cleanup_metadata()
    elif command == "double":
        deltalake.write_deltalake(table, table.to_pyarrow_table(), mode="append")
    elif command == "restore":
        table.restore(table.version() - 1)
    else:
        assert command == "read", command
    print(json.dumps(describe(deltalake.DeltaTable(path))))


def columns(path, names):
    """Ids with the values of columns; moments in microseconds."""
    table = deltalake.DeltaTable(path)
    wanted = ["event_id"] + names

    def plain(rows):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        step = datetime.timedelta(microseconds=1)
        return sorted([(value - epoch) // step if isinstance(value, datetime.datetime) else value for value in row] for row in rows)

    data = table.to_pyarrow_table(columns=wanted)
    rows = plain(zip(*[column.to_pylist() for column in data.columns]))
    frame = polars.scan_delta(path)
    assert plain(frame.select(wanted).collect().iter_rows()) == rows
    connection = duckdb.connect()
    quoted = ", ".join(
        f'epoch_us("{field.name}")' if str(field.type).startswith("timestamp") else f'"{field.name}"' for field in data.schema
    )
    dataset = connection.from_arrow(table.to_pyarrow_dataset())
    assert plain(dataset.project(quoted).fetchall()) == rows
    data = table.to_pyarrow_table(columns=wanted + ["key", "batch_id"])
    for name in names + ["event_id", "key", "batch_id"]:
        # Each value is found by itself, whatever the statistics let a reader skip.
        for value in {value for value in data.column(name).to_pylist() if value is not None}:
            count = data.column(name).to_pylist().count(value)
            assert table.to_pyarrow_table(columns=[name], filters=[(name, "==", value)]).num_rows == count, (name, value)
            assert frame.filter(polars.col(name) == value).select("event_id").collect().height == count, (name, value)
        missing = data.column(name).null_count
        assert frame.filter(polars.col(name).is_null()).select("event_id").collect().height == missing, name
    print(json.dumps([["" if value is None else str(value) for value in row] for row in rows]))


if sys.argv[1] == "watch":
    watch(sys.argv[3])
elif sys.argv[1] == "optimize-often":
    optimize_often(sys.argv[3])
elif sys.argv[1] == "columns":
    columns(sys.argv[2], sys.argv[3:])
else:
    once(*sys.argv[1:])
# Threads of the libraries may still run; with them, the interpreter's own way out aborts now and then.
sys.stdout.flush()
os._exit(0)
