"""The scenarios, one peer at a time."""
import collections, json, os, re, subprocess, time

from servers import DRIVER, WORK, Server, emit

S1 = {
    "S1.ct-1assoc": dict(workload="ct", instances=2000, connections=1),
    "S1.ct-10assoc": dict(workload="ct", instances=2000, connections=10, per_series=200),
    "S1.ct-300x1": dict(workload="ct", instances=300, assocs=300, connections=8, per_series=30),
    "S1.ct-300-at-once": dict(workload="ct", instances=300, assocs=300, connections=300, per_series=30, simultaneous=1),
    "S1.us-4x100MB": dict(workload="us", instances=4, connections=1),
    "S1.us-4x100MB-4assoc": dict(workload="us", instances=4, connections=4),
    "S1.mr-10assoc": dict(workload="mr", instances=2000, connections=10, per_series=200),
    "S1.dx-20MB": dict(workload="dx", instances=20, connections=1),
}
CORE = ["S1.ct-1assoc", "S1.ct-10assoc", "S1.ct-300x1", "S1.us-4x100MB"]


def s1(peer, a):
    for name, kw in S1.items():
        if a.only and name not in a.only.split(","):
            continue
        if a.core and name not in CORE:
            continue
        for rep in range(a.reps):
            s = Server(peer)
            s.wipe()
            s.start()
            try:
                os.sync()
                s.drive("store", name, rep=rep, seed=100 + rep, **kw)
            finally:
                s.stop()
    Server(peer).wipe()


def small(s):
    return 500 if "smallindex" in s.supports else None


def load_index(s, n, name):
    """The archive of n one-instance studies, kept for S2 and S5."""
    if s.holds(str(n)):
        s.start()
        return True
    s.wipe()
    s.start()
    r = s.drive("store", name, workload="index", instances=n, connections=4, seed=42, timeout=600)
    if r and r["ok"] == n:
        s.mark_as(str(n))
    return bool(r and r["ok"])


QUERIES = ["pid", "study_uid", "name_prefix", "name_contains", "date_week", "date_week_computed", "date_week_modality", "series", "image", "all", "all_computed"]


def s2(peer, a):
    s = Server(peer)
    if "find" not in s.supports:
        return
    n = small(s) or a.studies
    pre = "S2" if n == 10000 else f"S2-{n // 1000}k" if n >= 1000 else f"S2-{n}"
    try:
        if not load_index(s, n, pre + ".load"):
            return
        # a fresh start: Orthanc's DICOMweb plugin, for one, works on each series a minute after it came in
        s.stop()
        s.start()
        time.sleep(1)
        for q in QUERIES:
            if a.only and q not in a.only.split(","):
                continue
            big = q.startswith("all")
            for rep in range(a.reps):
                s.drive("find", f"{pre}.{q}", rep=rep, query=q, studies=n, clients=1, reps=2 if big else 30, max_s=12)
            s.drive("find", f"{pre}.{q}.8c", query=q, studies=n, clients=8, reps=1 if big else 15, max_s=20)
    finally:
        s.stop()


def load_ct(s, seed=42):
    """Four studies of one CT series of 500, sent by one client each; by one client where several lose instances."""
    s.wipe()
    s.start()
    s.drive("store", "S3.load", record=False, workload="ct", instances=2000, connections=1 if small(s) else 4, seed=seed, timeout=600)


def s3(peer, a):
    s = Server(peer)
    if "move" not in s.supports:
        return
    try:
        load_ct(s)
        time.sleep(2)
        for rep in range(a.reps):
            s.drive("find", "S3.image-level-500", rep=rep, query="image500", studies=4, clients=1, reps=8)
            for cmd in ("move", "get"):
                s.drive(cmd, f"S3.{cmd}-1", rep=rep, clients=1, reps=2, timeout=300)
                s.drive(cmd, f"S3.{cmd}-4", rep=rep, clients=4, reps=1, timeout=300)
    finally:
        s.stop()
        s.wipe()


def s4(peer, a):
    s = Server(peer)
    s.wipe()
    try:
        s.start()
        for rep in range(a.reps):
            s.drive("echo", "S4.echo-1", rep=rep, clients=1, count=500)
            s.drive("echo", "S4.echo-8", rep=rep, clients=8, count=2000)
            s.drive("echo", "S4.echo-same-assoc", rep=rep, clients=1, count=2000, same_assoc=1)
        s.stop()
        s.start()
        s.drive("idle", "S4.idle-100", count=100)
    finally:
        s.stop()
        s.wipe()


def s5(peer, a):
    s = Server(peer)
    if "find" not in s.supports:
        return
    n = small(s) or a.studies
    pre = "S5" if n == 10000 else f"S5-{n // 1000}k" if n >= 1000 else f"S5-{n}"
    try:
        if not load_index(s, n, "S5.load"):
            return
        s.stop()
        for rep in range(a.reps + 2):
            r = s.start(settle_ms=1500, record=False)
            r["scenario"], r["rep"] = pre + ".start", rep
            emit(peer, r)
            s.stop()
    finally:
        s.stop()


def s6(peer, a):
    s = Server(peer)
    if "http" not in s.supports:
        return
    url = s.info["http"]
    pre = "S6" if a.studies == 10000 else f"S6-{a.studies}"
    try:
        load_ct(s, seed=7)
        s.drive("store", "S6.load", record=False, workload="index", instances=a.studies, connections=4, seed=42, timeout=600)
        s.stop()  # see s2
        s.start()
        time.sleep(1)
        ops = [("qido", 20, 10), ("qido-fields", 20, 10), ("qido-name", 20, 10), ("qido-pid", 50, 25), ("qido-all", 1, 1)]
        wado = [("qido-instances", 5, 3), ("wado-series", 2, 1), ("metadata", 3, 1), ("wado-instance", 100, 50), ("frames", 100, 50), ("rendered", 30, 15), ("rendered-png", 30, 15)]
        for rep in range(a.reps):
            for seed, group in ((42, ops), (7, wado)):
                for op, r1, r8 in group:
                    if a.only and op not in a.only.split(","):
                        continue
                    kw = dict(base_url=url, op=op, seed=seed, studies=a.studies, max_s=20, rep=rep)
                    s.drive("http", f"{pre}.{op}", clients=1, reps=r1, **kw)
                    if rep == 0:
                        s.drive("http", f"{pre}.{op}.4c", clients=4, reps=r8, **kw)
            s.drive("http", pre + ".stow-10ct", base_url=url, op="stow", clients=1, reps=20, batch=10, seed=500 + rep, rep=rep)
    finally:
        s.stop()
        s.wipe()


def durability(peer, a):
    """Which of fsync, fdatasync, sync_file_range, msync and renames are called for 20 C-STOREs on one association."""
    s = Server(peer)
    s.wipe()
    out = os.path.join(WORK, "log", peer + ".strace")
    calls = ["fsync", "fdatasync", "sync_file_range", "msync", "sync", "syncfs", "rename", "renameat", "renameat2"]
    s = Server(peer, wrap=["strace", "-f", "-y", "-o", out, "-e", "trace=" + ",".join(calls)])
    try:
        s.start()
        n0 = open(out).read().count("\n")
        s.drive("store", "durability", record=False, workload="ct", instances=20, connections=1, seed=5, timeout=120, pid="", disk="")
        time.sleep(1)
    finally:
        s.stop_traced()
    lines = open(out).read().split("\n")[n0:]
    j = {"scenario": "durability", "peer": peer, "instances": 20}
    c = collections.Counter()
    for l in lines:
        m = re.match(r"\d+\s+(\w+)\((?:\d+<([^>]*)>)?", l)
        if m:
            f = os.path.basename(m.group(2) or "")
            c[m.group(1) + (" (" + ("index" if "index" in f or "sqlite" in f else "data") + ")" if f else "")] += 1
    j["calls"] = dict(c)
    emit(peer, j)
    s.wipe()


def limits(a):
    for rep in range(a.reps):
        os.makedirs(WORK, exist_ok=True)
        r = subprocess.run([DRIVER, "limits", "--dir", WORK], capture_output=True, text=True, check=True)
        j = json.loads(r.stdout)
        j["rep"] = rep
        emit("limits", j)
