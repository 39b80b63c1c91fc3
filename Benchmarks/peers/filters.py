"""Pseudo-peer `filters`: the replay filter over NDJSON.

Select events whose data.actor.country is "DE" (about 11 %), project {id: event_id, total: data.order.total}.
Output goes to a file; the number of results and the sum of the totals are checked (not timed).
"""
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time

from common import DATA, FILTER, ROOT, dpkg, fresh_dir, pip_version

N = 200_000
JQ = 'select(.data.actor.country=="DE") | {id: .event_id, total: .data.order.total}'
LOOP = "import sys; out = sys.stdout.buffer.write\nfor line in open(sys.argv[1], 'rb'):\n    "
PROGRAMS = {
    "jmespath + orjson": "import orjson, jmespath\nc = jmespath.compile(\"[?data.actor.country=='DE'].{id: event_id, total: data.order.total}\").search\n"
                         + LOOP + "for r in c([orjson.loads(line)]): out(orjson.dumps(r) + b'\\n')\n",
    "jmespath + json": "import json, jmespath\nc = jmespath.compile(\"[?data.actor.country=='DE'].{id: event_id, total: data.order.total}\").search\n"
                       + LOOP + "for r in c([json.loads(line)]): out(json.dumps(r).encode() + b'\\n')\n",
    "orjson, no JMESPath": "import orjson\n" + LOOP + "e = orjson.loads(line); d = e['data']\n"
                           "    if d['actor']['country'] == 'DE': out(orjson.dumps({'id': e['event_id'], 'total': d['order']['total']}) + b'\\n')\n",
    "pysimdjson, lazy": "import simdjson, orjson\np = simdjson.Parser()\n" + LOOP + "e = p.parse(line); d = e['data']\n"
                        "    if d['actor']['country'] == 'DE': out(orjson.dumps({'id': e['event_id'], 'total': d['order']['total']}) + b'\\n')\n"
                        "    del e, d\n",
}


def measure(w, repeat):
    dir = fresh_dir(DATA / "run" / "filters")
    f, out = w.path, dir / "out.json"
    array = dir / "array.json"  # jp reads one document, so it gets one array
    subprocess.run(f"sed '1s/^/[/; $!s/$/,/; $s/$/]/' {f} > {array}", shell=True, check=True)
    fields = "columns={event_id: 'VARCHAR', data: 'STRUCT(actor STRUCT(country VARCHAR), \"order\" STRUCT(total DOUBLE))'}"
    duck = (f"COPY (SELECT event_id AS id, data.\"order\".total AS total FROM read_json('{f}', format='newline_delimited', {fields}) "
            f"WHERE data.actor.country = 'DE') TO '{out}' (FORMAT json)")
    cli = os.path.join(os.path.dirname(sys.executable), "duckdb")
    highwater = [os.path.join(os.environ.get("HIGHWATER_BIN") or ROOT / ".build" / "release", "highwater"), "jmespath",
                 "{id: event_id, total: data.order.total}", "--where", "data.actor.country == 'DE'", f]
    tools = {
        "highwater jmespath, 2 threads": highwater,
        "highwater jmespath, 1 core": ["taskset", "-c", "0", *highwater],
        "grep -c (a lower bound, not a filter)": ["grep", "-c", '"country":"DE"', f],
        "jq": ["jq", "-c", JQ, f],
        "gojq": ["gojq", "-c", JQ, f],
        "jp (input as one array)": ["jp", "-c", "-f", array, "[?data.actor.country=='DE'].{id: event_id, total: data.order.total}"],
        "grep -F, then jq": ["sh", "-c", f"LC_ALL=C grep -F '\"country\":\"DE\"' {f} | jq -c '{JQ}'"],
        **{f"python {k}": [sys.executable, "-c", v, f] for k, v in PROGRAMS.items()},
        "duckdb-cli, read_json with a schema, 2 threads": [cli, "-c", duck],
        "duckdb-cli, the same, 1 thread": [cli, "-c", "SET threads=1; " + duck],
    }
    rows = {}
    for name, argv in tools.items():
        if not shutil.which(argv[0]):
            continue
        times, rss = [], 0
        for _ in range(repeat):
            with open(out if "duckdb" not in name else os.devnull, "wb") as o:
                t = time.perf_counter()
                p = subprocess.Popen([str(a) for a in argv], stdout=o)
                _, status, usage = os.wait4(p.pid, 0)
                times.append(time.perf_counter() - t)
                p.returncode = status
                assert status == 0, name
                rss = max(rss, usage.ru_maxrss / 1024)
        text = out.read_text()
        if name.startswith("grep -c"):
            assert int(text) == w.facts["filter_count"], text
        else:
            got = json.loads(text) if text.startswith("[") else [json.loads(x) for x in text.splitlines()]
            assert len(got) == w.facts["filter_count"], (name, len(got))
            assert math.isclose(sum(x["total"] for x in got), w.facts["filter_sum"], rel_tol=1e-9), name
        s = statistics.median(times)
        rows[name] = {"s": s, "mbs": w.facts["file_bytes"] / s / 1e6, "eps": w.n / s, "rss_mb": rss}
    cli_version = subprocess.run([cli, "--version"], capture_output=True, text=True).stdout.split()[0]
    return {"peer": "filters", "n": w.n, "rows": rows,
            "versions": {**{p: dpkg(p) for p in ("jq", "gojq", "jp", "grep")}, "duckdb-cli": cli_version, "python": sys.version.split()[0],
                         **pip_version("jmespath", "orjson", "pysimdjson")}}
