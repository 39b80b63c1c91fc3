"""results/<run>/*.json -> Markdown."""
import json

NOISY = 0.30


def tilde(m, key):
    lo, hi = m.get("_range", {}).get(key, (0, 0))
    return "~" if hi - lo > NOISY * m[key] else ""


def kilo(eps):
    return f"{eps:.0f}" if eps < 1000 else f"{eps / 1e3:.{1 if eps < 1e5 else 0}f}k" if eps < 1e6 else f"{eps / 1e6:.2f}M"


def rate(m):
    return f"{tilde(m, 'eps')}{kilo(m['eps'])} ({m['mbs']:.3g})" if m else "–"


def latency(m):
    if not m:
        return "–"
    p50, p99 = (f"{x:.0f}" if x >= 10 else f"{x:.2g}" for x in (m["p50_ms"], m["p99_ms"]))
    return f"{tilde(m, 'p50_ms')}{p50} / {tilde(m, 'p99_ms')}{p99}" + (f" (n={m['n']:.0f})" if m["n"] < 300 else "")


def millis(m):
    return f"{tilde(m, 'eps')}{m['s'] * 1000:.3g} ({kilo(m['eps'])}/s)" if m else "–"


def mb(x):
    return f"{x:.0f}" if x else "–"


def table(head, rows):
    return "\n".join(["| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]]) + "\n"


def cpu(m):
    return f"{m['client_cpu']:.2f} + {m['server_cpu']:.2f} ({m['other_cpu']:.2f})" if m else "–"


COLUMNS = {  # name: (where, key, higher is better)
    "append batch": ("append_batch", "eps", True), "append single p50": ("append_single", "p50_ms", False),
    "replay all": ("replay_all", "eps", True), "replay native": ("replay_native", "eps", True), "replay 1 day": ("replay_range", "eps", True),
    "get p50": ("get_by_id", "p50_ms", False), "get p99": ("get_by_id", "p99_ms", False), "filter": ("filter", "eps", True),
    "SQL count": ("sql_count", "eps", True), "SQL group": ("sql_group", "eps", True),
}


def markdown(dir, vs=None):
    from systems import PEERS
    all_ = [json.loads(p.read_text()) for p in dir.glob("*.json")]
    order = list(PEERS)
    peers = sorted((r for r in all_ if r["peer"] in PEERS), key=lambda r: (r["n"] >= 1_000_000, order.index(r["peer"])))
    out = [f"# Peer benchmark: {dir.name}\n",
           "Rates are events/s, with MB/s of payload in parentheses; latencies are p50 / p99 in ms. Each figure is a median over rounds. "
           f"`~`: (max - min) / median over the rounds is above {NOISY:.0%}; read it within about that. Reads are from a warm page cache.\n"]
    rows = [[r["peer"], f"{r['n']:,}", r["durability"], rate(r.get("append_batch")), latency(r.get("append_single")), rate(r.get("replay_all")),
             rate(r.get("replay_native")), millis(r.get("replay_range")) + ("" if "flash" not in r["peer"] else " **wrong bytes**"),
             latency(r.get("get_by_id")), f"{r['disk_bytes'] / r['payload_bytes']:.2f}",
             f"{mb(r['server_rss_mb'])} + {mb(r['client_rss_mb'])}"] for r in peers]
    out += ["## Journal operations\n", table(["peer", "N", "an ack means", "append, batches", "append single", "replay all, in order, verified",
            "replay, native client, unparsed", "replay 1 day, ms", "get by id", "disk / payload", "RSS MB server + client"], rows)]
    rows = [[r["peer"], f"{r['n']:,}", rate(r.get("filter")), rate(r.get("sql_count")), rate(r.get("sql_group"))] for r in peers if r.get("sql_count")]
    out += ["## Filter and SQL, over the whole journal\n", table(["peer", "N", "filter + projection, delivered in order", "count where type = x",
            "group by country: count, sum"], rows)]
    if vs:
        ours = {r["n"]: r for r in peers if r["peer"] == vs}
        rows = []
        for r in peers:
            o = ours.get(r["n"]) or next(iter(ours.values()), None)
            if r["peer"] == vs or not o:
                continue
            line = [r["peer"], f"{r['n']:,}"]
            for where, key, up in COLUMNS.values():
                a, b = (o.get(where) or {}).get(key), (r.get(where) or {}).get(key)
                line.append(f"{a / b if up else b / a:.2g}" if a and b else "–")
            rows.append(line)
        out += [f"## {vs} against each (above 1: {vs} is better)\n", table(["peer", "N", *COLUMNS], rows)]
    for r in all_:
        if r["peer"] == "filters":
            rows = [[k, f"{tilde(v, 'mbs')}{v['mbs']:.4g}", kilo(v["eps"]), f"{v['rss_mb']:.0f}"] for k, v in r["rows"].items()]
            out += [f"## Filter tools on NDJSON, N = {r['n']:,}\n", table(["tool", "MB/s of NDJSON", "events/s", "peak RSS MB"], rows)]
    for r in all_:
        if r["peer"] == "limits":
            rows = []
            for k, v in r["rows"].items():
                fig = [f"{v['mbs']:.4g} MB/s"] if "mbs" in v else []
                fig += [f"{v['eps'] / 1e6:.3g} M events/s"] if "eps" in v else []
                fig += [f"p50 {v['p50_ms']:.3g} ms, p99 {v['p99_ms']:.3g} ms"] if "p50_ms" in v else []
                fig += [f"{v['ms']:.3g} ms"] if "ms" in v else []
                fig += [f"{v['ratio']:.3f}"] if "ratio" in v else []
                rows.append([k, "".join({tilde(v, key) for key in ("mbs", "p50_ms") if key in v}) + ", ".join(fig)])
            out += [f"## Physical limits, N = {r['n']:,}\n", table(["what", "figure"], rows)]
    rows = [[r["peer"], f"{r['n']:,}", cpu(r.get("append_batch")), cpu(r.get("replay_all")), f"{r['settle_s']:.2f}",
             ", ".join(f"{k} {v:.3g}" for k, v in r["extra"].items()) or "–"] for r in peers]
    out += ["## Where the time goes: CPU cores in use, client + server (other processes of the machine)\n",
            table(["peer", "N", "append, batches", "replay all", "settle s", "extra"], rows)]
    out += ["## Notes and versions\n", *[f"* {r['peer']} @ {r['n']:,}: {r.get('notes') or '–'}; "
            + ", ".join(f"{k} {v}" for k, v in r.get("versions", {}).items()) + f"; {r['rounds']} rounds x {r['repeat']}, {r['at']}"
            for r in [*peers, *[x for x in all_ if x['peer'] in ('limits', 'filters')]]]]
    return "\n".join(out) + "\n"
