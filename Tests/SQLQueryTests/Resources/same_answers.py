"""Runs queries on DuckDB over tables as delta-rs sees them, and compares rows.

    same_answers.py delta QUERIES.json DIRECTORY TABLE OTHER    runs them; `events` is TABLE, `paid.events` is OTHER
    same_answers.py compare QUERIES.json DIRECTORY OTHER...     prints how many rows each query has, and what differs

QUERIES.json is a list of objects with name, statement and timeZone; DIRECTORY has, or gets, NUMBER.parquet for each.
"""

import datetime
import decimal
import glob
import json
import os
import sys

import deltalake
import duckdb
import pyarrow
import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def delta(queries, directory, table, other):
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA paid")
    for name, path in (("events", table), ("paid.events", other)):
        source = "table_" + name.replace(".", "_")
        connection.register(source, deltalake.DeltaTable(path).to_pyarrow_dataset())
        connection.execute(f"CREATE TEMPORARY TABLE held_{source} AS FROM {source}")
    connection.execute("CREATE TEMPORARY VIEW events AS FROM held_table_events")
    connection.execute("CREATE TABLE paid.events AS FROM held_table_paid_events")
    for number, query in enumerate(queries):
        connection.execute("SET TimeZone = '" + query["timeZone"] + "'")
        statement = query["statement"].replace("'", "''")
        connection.execute(f"COPY (FROM query('{statement}')) TO '{directory}/{number}.parquet' (FORMAT parquet)")


def plain(value):
    """A value so that engines' types do not matter where they hold the same: 3 is 3.0 is Decimal(3), but true is not 1."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (float, decimal.Decimal)):
        return int(value) if value == value and value == value.__floor__() else float(value)
    if isinstance(value, datetime.datetime):
        return "naive " + value.isoformat() if value.tzinfo is None else f"moment {(value - EPOCH) // datetime.timedelta(microseconds=1)}"
    if isinstance(value, datetime.date):
        return "date " + value.isoformat()
    if isinstance(value, bytes):
        return "bytes " + value.hex()
    return value


def rows(directory, number):
    path = f"{directory}/{number}.parquet"
    # Spark makes a directory of parts, whose names are in the order of the rows.
    parts = sorted(glob.glob(f"{path}/*.parquet")) if os.path.isdir(path) else [path]
    table = pyarrow.concat_tables([pyarrow.parquet.ParquetFile(part).read() for part in parts])
    columns = [[plain(value) for value in column.to_pylist()] for column in table.columns]
    return table.column_names, [list(row) for row in zip(*columns)]


def compare(queries, reference, *others):
    answers = []
    for number, query in enumerate(queries):
        names, expected = rows(reference, number)
        differences = []
        for other in others:
            found_names, found = rows(other, number)
            if found_names != names:
                differences.append(f"{other}: columns {found_names}, not {names}")
            elif found != expected:
                first = next((pair for pair in zip(expected, found) if pair[0] != pair[1]), None)
                differences.append(f"{other}: {len(found)} rows, not {len(expected)}; first that differs {first}")
        answers.append({"name": query["name"], "rows": len(expected), "differences": differences})
    print(json.dumps(answers))


if __name__ == "__main__":
    command, path, *arguments = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        {"delta": delta, "compare": compare}[command](json.load(file), *arguments)
