"""Delta Lake through delta-rs: every batch is a commit; replay through its DataFusion engine (ORDER BY ts)."""
import os
import time

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, WriterProperties, write_deltalake

from common import Peer, pip_version, rfc3339
from systems.duck import SCHEMA, Duck, arrow, drain
from s3 import KEYS, start_moto


class OnArrow(Duck):
    def __init__(self, db):
        self.db = db


class Delta1k(Peer):
    durability = "file written, no fsync"
    notes = "replay after optimize.compact; append_batch 1000 events a commit; SQL by DuckDB over the Arrow dataset"
    options = None

    def where(self):
        return str(self.dir / "table")

    def setup(self):
        self.table = DeltaTable.create(self.where(), SCHEMA, storage_options=self.options)
        self.props = WriterProperties(compression="ZSTD")

    def append_batch(self, batch):
        write_deltalake(self.table, arrow(batch), mode="append", writer_properties=self.props)

    def append_single(self, e):
        self.append_batch([e])

    def settle(self):
        t = time.perf_counter()
        self.query("SELECT sum(length(data)) FROM t").read_all()
        self.extra["scan_before_compact_s"] = time.perf_counter() - t
        self.extra["files_before_compact"] = len(self.table.file_uris())
        self.table.optimize.compact(writer_properties=self.props)
        self.extra["files_after_compact"] = len(self.table.file_uris())
        t = time.perf_counter()
        self.query("SELECT sum(length(data)) FROM t").read_all()
        self.extra["scan_after_compact_s"] = time.perf_counter() - t

    def query(self, sql):
        return pa.RecordBatchReader.from_stream(QueryBuilder().register("t", self.table).execute(sql))

    def replay_all(self, consumer):
        drain(self.query("SELECT event_id, ts, data FROM t ORDER BY ts"), consumer)

    def replay_range(self, lo, hi, consumer):
        drain(self.query(f"SELECT event_id, ts, data FROM t WHERE ts >= '{rfc3339(lo)}' AND ts < '{rfc3339(hi)}' ORDER BY ts"), consumer)

    def get_by_id(self, id):
        return self.query(f"SELECT data FROM t WHERE event_id = '{id}'").read_all()["data"][0].as_py().encode()

    def _duck(self, what):
        """DataFusion in delta-rs has no JSON functions, so filter and SQL go through DuckDB over the Arrow dataset."""
        db = duckdb.connect()
        db.register("events", self.table.to_pyarrow_dataset())
        out = getattr(OnArrow(db), what)()
        db.close()
        return out

    def filter(self): return self._duck("filter")
    def sql_count(self): return self._duck("sql_count")
    def sql_group(self): return self._duck("sql_group")

    def disk_bytes(self):  # what the current version needs; files replaced by compact stay until vacuum
        log = sum(f.stat().st_size for f in (self.dir / "table" / "_delta_log").iterdir())
        return log + sum(os.path.getsize(f.removeprefix("file://")) for f in self.table.file_uris())

    def versions(self):
        return pip_version("deltalake", "pyarrow")


class Delta50k(Delta1k):
    batch = 50_000
    notes = "as delta-1k with 50,000 events a commit"


class DeltaMoto(Delta1k):
    """The same on S3 as moto plays it, to stand beside flash-flood: mostly moto's own request time."""
    n, singles = 20_000, 50
    durability = "PUT acknowledged by moto (in memory)"
    notes = "delta-1k on moto's S3"

    def setup(self):
        import boto3
        server, url = start_moto(self.dir)
        self.servers = [server]
        self.s3 = boto3.client("s3", endpoint_url=url, **KEYS)
        self.s3.create_bucket(Bucket="bench")
        self.options = {"AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": KEYS["region_name"],
                        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "aws_conditional_put": "etag"}
        super().setup()

    def where(self):
        return "s3://bench/table"

    def disk_bytes(self):
        return sum(o["Size"] for o in self.s3.list_objects_v2(Bucket="bench").get("Contents", []))
