"""Prints for each row group whether DuckDB's look at its Bloom filter excludes a value.

    bloom_probe.py FILE COLUMN VALUE
"""

import sys

import duckdb

rows = duckdb.execute("SELECT bloom_filter_excludes FROM parquet_bloom_probe(?, ?, ?) ORDER BY row_group_id", sys.argv[1:])
print("excluded:", *[row[0] for row in rows.fetchall()])
