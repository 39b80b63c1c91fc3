"""What delta-rs and Polars make of a table: `peer.py COMMAND TABLE [ARGUMENT]`, JSON on standard output."""
import json
import os
import sys

import deltalake
import polars
import pyarrow


def describe(path, table):
    """Version, files and rows as delta-rs has them, and rows as Polars has them."""
    rows = polars.read_delta(table.table_uri).sort("id")["id"].to_list()
    mine = sorted(table.to_pyarrow_table()["id"].to_pylist())
    assert rows == mine, (rows, mine)
    files = [uri.split(path.rstrip("/") + "/", 1)[-1] for uri in table.file_uris()]
    return {"version": table.version(), "files": sorted(files), "ids": mine}


def main(command, path, *arguments):
    if command == "create":
        for start in range(0, 12, 4):
            data = pyarrow.table({"id": pyarrow.array(range(start, start + 4), pyarrow.int64())})
            deltalake.write_deltalake(path, data, mode="append")
    table = deltalake.DeltaTable(path)
    if command == "optimize":
        table.optimize.compact()
    elif command == "vacuum":
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    elif command == "checkpoint":
        table.create_checkpoint()
    elif command == "cleanup":
        table.cleanup_metadata()
    print(json.dumps(describe(path, deltalake.DeltaTable(path))))


main(*sys.argv[1:])
# Threads of the libraries may still run; with them, the interpreter's own way out aborts now and then.
sys.stdout.flush()
os._exit(0)
