"""SQLite: WAL, synchronous=FULL (an fsync for every commit), one transaction for a batch."""
import shutil
import sqlite3
import subprocess
import uuid

from common import COUNT_TYPE, FILTER, Peer


class Sqlite(Peer):
    durability = "fsync at commit"
    notes = "cache_size 256 MB; id is BLOB(16) primary key, index on ts"

    def setup(self):
        self.con = c = sqlite3.connect(self.dir / "events.db", isolation_level=None)
        c.execute("PRAGMA journal_mode=WAL")
        c.execute("PRAGMA synchronous=FULL")
        c.execute("PRAGMA cache_size=-262144")
        c.execute("CREATE TABLE events(event_id BLOB PRIMARY KEY, ts INTEGER NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL)")
        c.execute("CREATE INDEX events_ts ON events(ts)")
        c.text_factory = bytes

    @staticmethod
    def row(e):
        return uuid.UUID(e[0]).bytes, e[2], e[3], e[4].decode()

    def append_batch(self, batch):
        self.con.execute("BEGIN")
        self.con.executemany("INSERT INTO events VALUES(?,?,?,?)", [(bytes.fromhex(e[0].replace("-", "")), e[2], e[3], e[4].decode()) for e in batch])
        self.con.execute("COMMIT")

    def append_single(self, e):
        self.con.execute("INSERT INTO events VALUES(?,?,?,?)", self.row(e))

    def settle(self):
        self.con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.con.execute("ANALYZE")

    def _drain(self, cursor, consumer):
        while rows := cursor.fetchmany(1000):
            consumer.many([r[2] for r in rows])

    def replay_all(self, consumer):
        self._drain(self.con.execute("SELECT event_id, ts, data FROM events ORDER BY ts"), consumer)

    def replay_range(self, lo, hi, consumer):
        self._drain(self.con.execute("SELECT event_id, ts, data FROM events WHERE ts >= ? AND ts < ? ORDER BY ts", (lo, hi)), consumer)

    def replay_native(self):
        if not shutil.which("sqlite3"):
            raise NotImplementedError
        r = subprocess.run(f"sqlite3 -readonly {self.dir}/events.db 'SELECT event_id, ts, data FROM events ORDER BY ts' | wc -c", shell=True, capture_output=True)
        return int(r.stdout)

    def get_by_id(self, id):
        return self.con.execute("SELECT data FROM events WHERE event_id = ?", (uuid.UUID(id).bytes,)).fetchone()[0]

    def filter(self):
        rows = self.con.execute("SELECT event_id, data->>'$.order.total' FROM events WHERE data->>'$.actor.country' = ? ORDER BY ts", FILTER[2:]).fetchall()
        return len(rows), sum(r[1] for r in rows)

    def sql_count(self):
        return self.con.execute("SELECT count(*) FROM events WHERE data->>'$.type' = ?", (COUNT_TYPE,)).fetchone()[0]

    def sql_group(self):
        return len(self.con.execute("SELECT data->>'$.actor.country', count(*), sum(data->>'$.order.total') FROM events GROUP BY 1").fetchall())

    def versions(self):
        return {"sqlite": sqlite3.sqlite_version}

    def teardown(self):
        self.con.close()
