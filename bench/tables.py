"""Tables of everything that was measured."""
import json, os, statistics

from scenarios import S1
from servers import RAW


def lines():
    d = {}
    for f in sorted(os.listdir(RAW)):
        if f.endswith(".jsonl"):
            for l in open(os.path.join(RAW, f)):
                j = json.loads(l)
                d.setdefault(j["scenario"], {}).setdefault(f[:-6], []).append(j)
    return d


def g(v):
    v = float(v)
    return "0" if v == 0 else f"{v:,.0f}" if abs(v) >= 100 else f"{v:.1f}" if abs(v) >= 10 else f"{v:.2f}"


def med(v):
    v = [x for x in v if x is not None]
    if not v:
        return "-"
    return g(statistics.median(v)) + (f" [{g(min(v))}-{g(max(v))}]" if len(v) > 1 else "")


def table(a):
    d = lines()
    peers = a.peer.split(",") if a.peer else sorted({p for s in d.values() for p in s})
    peers = [p for p in peers if p != "limits"]
    for fam, cols in (("S1", "inst_per_s mb_per_s p50_ms p99_ms server_cpu_s_per_gb server_peak_pss_mb disk_mb flush_s"),
                      ("S2", "queries_per_s inst_per_s p50_ms p99_ms first_p50_ms server_cpu_ms_per_op server_peak_rss_mb wrong_counts"),
                      ("S3", "inst_per_s mb_per_s p50_ms server_cpu_s_per_gb server_cpu_ms_per_op server_peak_pss_mb"),
                      ("S4", "echo_per_s p50_ms p99_ms server_cpu_ms_per_op accepted pss_kb_per_assoc threads processes fresh_echo_ms"),
                      ("S5", "start_ms rss_idle_mb pss_idle_mb threads"),
                      ("S6", "requests_per_s inst_per_s mb_per_s p50_ms p99_ms server_cpu_ms_per_op kb_per_response")):
        for sc in sorted(k for k in d if k.startswith(fam)):
            print(f"\n### {sc}\n")
            cs = cols.split()
            print("| peer | runs | " + " | ".join(cs) + " | errors |\n|" + "---|" * (len(cs) + 3))
            for p in peers:
                r = d[sc].get(p)
                if not r:
                    continue
                e = "; ".join(sorted({x.get("errors", "") for x in r if x.get("errors")}))[:160]
                if any(x.get("fresh_echo", "ok") != "ok" for x in r):
                    e += " new association: " + r[-1]["fresh_echo"]
                print(f"| {p} | {len(r)} | " + " | ".join(med([x.get(c) for x in r]) for c in cs) + f" | {e} |")


RETRIEVE = ["S3.move-1", "S3.move-4", "S3.get-1", "S3.get-4"]
SUMMARY = [  # title, scenarios (or the prefixes of their names), headline field, field in brackets
    ("C-STORE: instances/s (server CPU s for each GB)", list(S1), "inst_per_s", "server_cpu_s_per_gb"),
    ("C-STORE: ms of one, median (99th percentile)", list(S1), "p50_ms", "p99_ms"),
    ("C-STORE: peak memory of the server, MB (MB that the disk use grew by)", list(S1), "server_peak_pss_mb", "disk_mb"),
    ("C-FIND: ms of one query, median (server CPU ms for each)", ("S2.", "S2-100k.", "S3.image"), "p50_ms", "server_cpu_ms_per_op"),
    ("C-FIND in dcmqrscp's 500 studies: ms of one query, median (server CPU ms for each)", ("S2-500.",), "p50_ms", "server_cpu_ms_per_op"),
    ("Loading the index: studies/s (server CPU ms for each)", ["S2.load", "S2-100k.load", "S2-500.load"], "inst_per_s", "server_cpu_ms_per_op"),
    ("Retrieve of 500 CT: instances/s (server CPU s for each GB)", RETRIEVE, "inst_per_s", "server_cpu_s_per_gb"),
    ("Associations with one C-ECHO each, per second (server CPU ms for each)", ["S4.echo-1", "S4.echo-8", "S4.echo-same-assoc"], "echo_per_s", "server_cpu_ms_per_op"),
    ("100 idle associations: accepted (KB of PSS for each)", ["S4.idle-100"], "accepted", "pss_kb_per_assoc"),
    ("100 idle associations: ms until a newcomer's C-ECHO is answered (threads of the server)", ["S4.idle-100"], "fresh_echo_ms", "threads"),
    ("Start to the first C-ECHO: ms (MB of RSS idle)", ("S5",), "start_ms", "rss_idle_mb"),
    ("DICOMweb: ms of one request, median (server CPU ms for each)", ("S6",), "p50_ms", "server_cpu_ms_per_op"),
]


def summary(a):
    """One row for each scenario, one column for each peer: median [min-max] of the runs."""
    d = lines()
    peers = a.peer.split(",")
    for title, scs, m, c in SUMMARY:
        if isinstance(scs, tuple):
            scs = sorted(k for k in d if k.startswith(scs) and not k.endswith(".load"))
        ps = [p for p in peers if any(d.get(s, {}).get(p) for s in scs)]
        print(f"\n**{title}**\n\n| | " + " | ".join(ps) + " |\n|" + "---|" * (len(ps) + 1))
        for sc in scs:
            cells = []
            for p in ps:
                r = d.get(sc, {}).get(p)
                if not r:
                    cells.append("")
                    continue
                t = med([x.get(m) for x in r])
                if c:
                    t += f" ({g(statistics.median([x[c] for x in r if c in x] or [0]))})"
                e = [x.get("errors", "") for x in r if x.get("errors")]
                lost = [x["ok"] - x["files"] for x in r if "ok" in x and "assocs" in x and 0 < x.get("files", 0) < x["ok"]]
                if e:
                    t += f" {sum(int(n.split(' ')[0]) for x in e for n in x.split('; '))} errors"
                if lost:
                    t += f", {min(lost)}-{max(lost)} answered but lost"
                if sum(x.get("wrong_counts", 0) for x in r):
                    t += " wrong counts"
                if any(x.get("fresh_echo", "ok") != "ok" for x in r):
                    t += " (newcomer not served)"
                cells.append(t)
            if any(cells):
                print(f"| {sc} | " + " | ".join(cells) + " |")
