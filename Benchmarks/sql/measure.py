#!/usr/bin/env python3
"""`highwater sql` beside DuckDB over a Parquet file that it wrote itself of the same events, in turns.

  python3 Benchmarks/peers/gen.py 1000000 -o events.ndjson
  Benchmarks/sql/measure.py DIRECTORY events.ndjson [--highwater PROGRAM] [--duckdb PROGRAM] [--turns 9]

DIRECTORY keeps the journal, compacted, and the Parquet files for the next time. One day of the thirty is measured beside
a file of that day alone, promoted columns (last, since they stay) beside the JSON paths they are of. Every figure is of
the whole command, from a warm page cache; run it on a machine where nothing else is at work.
"""
import argparse
import os
import statistics
import subprocess
import time

DAY = "timestamp >= '2024-03-10' and timestamp < '2024-03-11'"
COUNTRY, TOTAL = "(data->>'$.data.actor.country')", "(data->>'$.data.order.total')::double"
QUERIES = [
    ("select 1", "select 1"),
    ("count(*)", "select count(*) from events where {}"),
    ("count by key", "select key, count(*) from events where {} group by 1 order by 2 desc limit 5"),
    ("distinct ids", "select count(distinct event_id) from events where {}"),
    ("two JSON paths", f"select {COUNTRY} as c, sum({TOTAL}) from events where {{}} group by 1 order by 1"),
    ("a condition on a JSON path", f"select count(*) from events where {{}} and {COUNTRY} = 'DE'"),
]
PROMOTED = [
    ("sum and count", f"select sum({TOTAL}), count(*) from events", "select sum(total), count(*) from events"),
    ("sum by country", QUERIES[4][1].format("true"), "select country, sum(total) from events group by 1 order by 1"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("events")
    parser.add_argument("--highwater", default=".build/release/highwater")
    parser.add_argument("--duckdb", default=".tools/bin/duckdb")
    parser.add_argument("--turns", type=int, default=9)
    options = parser.parse_args()
    highwater, duckdb = os.path.realpath(options.highwater), os.path.realpath(options.duckdb)
    os.environ["HIGHWATER_DUCKDB"] = duckdb
    os.makedirs(options.directory, exist_ok=True)
    journal, whole, day = (os.path.join(options.directory, name) for name in ("journal", "events.parquet", "day.parquet"))

    def quietly(*command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def copy(source, path):
        if not os.path.exists(path):
            statement = f"copy ({source} order by timestamp) to '{path}' (format parquet, compression zstd)"
            quietly(duckdb, "-no-init", "-c", "set TimeZone='UTC'", "-c", statement)

    if not os.path.exists(journal):
        fields = ["--id", "event_id", "--timestamp", "timestamp", "--key", "key"]
        quietly(highwater, "import", journal, options.events, *fields)
        quietly(highwater, "compact", journal, "--force")
    copy(f"select event_id, timestamp, key, data from read_parquet('{journal}/segments/*.parquet')", whole)
    copy(f"from '{whole}' where {DAY}", day)

    def seconds(command):
        begin = time.perf_counter()
        quietly(*command)
        return time.perf_counter() - begin

    def turns(name, ours, theirs):
        """Medians of both, in turns."""
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(options.turns)]
        mine, other = (statistics.median(column) for column in zip(*pairs))
        print(f"| {name} | {mine * 1000:.0f} ms | {other * 1000:.0f} ms | {mine / other:.2f} |", flush=True)

    def sql(statement):
        return [highwater, "sql", journal, statement, "--format", "csv"]

    def alone(statement, file):
        text = statement.replace("from events", f"from '{file}'")
        return [duckdb, "-no-init", "-csv", "-c", "set TimeZone='UTC'", "-c", text]

    print("| query | highwater | DuckDB | |\n| --- | --- | --- | --- |")
    for name, statement in QUERIES:
        turns(name, sql(statement.format("true")), alone(statement.format("true"), whole))
    for name, statement in QUERIES[2:]:
        turns(name + ", one day", sql(statement.format(DAY)), alone(statement.format(DAY), day))
    print("\n| query | JSON path | promoted column | |\n| --- | --- | --- | --- |")
    columns = ["total=data.data.order.total:float64", "country=data.data.actor.country:string"]
    quietly(highwater, "columns", "add", journal, *columns, "--backfill")
    for name, path, column in PROMOTED:
        turns(name, sql(path), sql(column))


if __name__ == "__main__":
    main()
