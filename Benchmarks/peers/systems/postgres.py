"""PostgreSQL over TCP on 127.0.0.1: COPY for batches, binary COPY out for replay; data as text or as jsonb."""
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import psycopg

from common import COUNT_TYPE, DATA, FILTER, Peer, Server, free_port, pip_version, process_tree, rfc3339, status_kb


def server_programs():
    """The directory of initdb and postgres, with a slash: the newest Debian package, else wherever PATH has them."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    if not found:
        raise RuntimeError("PostgreSQL is not installed: run scripts/setup --bench")
    return f"{Path(found).parent}/"


BIN = server_programs()
AS_POSTGRES = ["setpriv", "--pdeathsig", "TERM", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []


class PostgresText(Peer):
    durability = "fsync at commit"
    type, json, head = "text", "data::json", 38  # head: bytes before the payload in a binary COPY row
    notes = "shared_buffers=1GB max_wal_size=4GB, otherwise defaults; disk is the relation with its indexes, without WAL"

    def setup(self):
        data, port = self.dir / "pg", free_port()
        self.port = port
        data.mkdir()
        if AS_POSTGRES:
            for d in (data, self.dir):
                shutil.chown(d, "postgres", "postgres")
        subprocess.run([*AS_POSTGRES, BIN + "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
                        "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.servers = [Server([*AS_POSTGRES, BIN + "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", data,
                                "-c", "shared_buffers=1GB", "-c", "max_wal_size=4GB"], port, self.dir / "pg.log")]
        while not hasattr(self, "db"):
            try:
                self.db = psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True)
            except psycopg.OperationalError as e:
                if "starting up" not in str(e):
                    raise
                time.sleep(0.1)
        self.db.prepare_threshold = 1
        self.db.execute(f"CREATE TABLE events(event_id uuid PRIMARY KEY, ts timestamptz NOT NULL, key text NOT NULL, data {self.type} NOT NULL)")
        self.db.execute("CREATE INDEX events_ts ON events(ts)")

    def append_batch(self, batch):
        block = "".join([f"{i}\t{ts}\t{key}\t{d.decode()}\n" for i, ts, _, key, d in batch]).replace("\\", "\\\\")
        with self.db.cursor().copy("COPY events FROM STDIN") as copy:
            copy.write(block)

    def append_single(self, e):
        self.db.execute("INSERT INTO events VALUES(%s, %s, %s, %s)", (uuid.UUID(e[0]), e[1], e[3], e[4].decode()))

    def settle(self):
        self.db.execute("VACUUM ANALYZE events")
        self.db.execute("CHECKPOINT")

    def _drain(self, where, consumer):
        out, head, first = [], self.head, 19  # 19: the COPY header, in front of the first row
        with self.db.cursor().copy(f"COPY (SELECT event_id, ts, data FROM events {where} ORDER BY ts) TO STDOUT (FORMAT binary)") as copy:
            for row in copy:
                out.append(row[head + first:])
                first = 0
                if len(out) == 1000:
                    consumer.many(out)
                    out = []
        consumer.many(out[:-1])  # the last one is the trailer

    def replay_all(self, consumer):
        self._drain("", consumer)

    def replay_range(self, lo, hi, consumer):
        self._drain(f"WHERE ts >= '{rfc3339(lo)}' AND ts < '{rfc3339(hi)}'", consumer)

    def replay_native(self):
        r = subprocess.run(f"psql -X -h 127.0.0.1 -p {self.port} -U postgres -c 'COPY (SELECT event_id, ts, data FROM events ORDER BY ts) "
                           "TO STDOUT (FORMAT binary)' postgres | wc -c", shell=True, capture_output=True, cwd="/")
        return int(r.stdout)

    def get_by_id(self, id):
        return self.db.execute("SELECT data::text FROM events WHERE event_id = %s", (id,), prepare=True).fetchone()[0].encode()

    def filter(self):
        rows = self.db.execute(f"SELECT event_id::text, {self.json}->'order'->>'total' FROM events WHERE {self.json}->'actor'->>'country' = %s ORDER BY ts", FILTER[2:]).fetchall()
        return len(rows), sum(float(r[1]) for r in rows)

    def sql_count(self):
        return self.db.execute(f"SELECT count(*) FROM events WHERE {self.json}->>'type' = %s", (COUNT_TYPE,)).fetchone()[0]

    def sql_group(self):
        return len(self.db.execute(f"SELECT {self.json}->'actor'->>'country', count(*), sum(({self.json}->'order'->>'total')::float8) FROM events GROUP BY 1").fetchall())

    def disk_bytes(self):
        return self.db.execute("SELECT pg_total_relation_size('events')").fetchone()[0]

    def server_rss_mb(self):  # private memory of every process, and the shared memory once; at the end, not the peak
        pids = process_tree(self.servers[0].pid)
        return (sum(status_kb(p, "RssAnon") for p in pids) + max(status_kb(p, "RssShmem") for p in pids)) / 1024

    def versions(self):
        return {"postgresql": str(self.db.info.server_version), **pip_version("psycopg")}

    def teardown(self):
        if hasattr(self, "db"):
            self.db.close()
        for s in self.servers:
            s.stop_signal = 2  # SIGINT: fast shutdown
            s.stop()


class PostgresJsonb(PostgresText):
    type, json, head = "jsonb", "data", 39
    exact = False
    notes = "as postgres; jsonb does not keep the payload's bytes, so only counts are compared"
