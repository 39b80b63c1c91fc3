"""The list of peers. To add one: a module here with a subclass of common.Peer, and a line below."""
import importlib

PEERS = {
    "highwater": "highwater:Highwater",
    "highwater-import": "highwater:HighwaterImport",
    "flash-flood": "flash_flood:FlashFlood",
    "flash-flood-bulk": "flash_flood:FlashFloodBulk",
    "delta-moto": "delta:DeltaMoto",
    "nats": "nats_js:Nats",
    "nats-keys": "nats_js:NatsKeys",
    "nats-py": "nats_js:NatsPy",
    "redis-everysec": "redis_streams:RedisEverysec",
    "redis-always": "redis_streams:RedisAlways",
    "postgres": "postgres:PostgresText",
    "postgres-jsonb": "postgres:PostgresJsonb",
    "sqlite": "sqlite_wal:Sqlite",
    "delta-1k": "delta:Delta1k",
    "delta-50k": "delta:Delta50k",
    "duckdb-parquet": "duck:Parquet",
    "duckdb-table": "duck:Table",
}


def load(name):
    module, cls = PEERS[name].split(":")
    c = getattr(importlib.import_module("systems." + module), cls)
    c.name = name
    return c
