"""The comparison behind docs/performance.md. Peers take turns, one measurement each, so that whatever else the machine
does falls on all of them."""
import os, platform, re, shutil, subprocess, tempfile, time

import servers
from archives import SEED, Timed, archive, driver, file_system, files, size_name
from scenarios import S1, load_ct
from servers import ENV, HERE, WORK, Server, emit

OURS, DURABLE, ORTHANC, QRSCP = "isocenter", "ref-durable", "orthanc-1.12", "dcmqrscp"


class Plan:
    def __init__(self, a):
        self.reps, self.quick = a.reps, a.quick
        self.only = a.only.split(",") if a.only else []
        self.peers = a.peer.split(",") if a.peer else []

    def wants(self, scenario):
        return not self.only or any(scenario.startswith(o) or (scenario.endswith(".") and o.startswith(scenario)) for o in self.only)

    def n(self, full, quick):
        return quick if self.quick else full

    def chosen(self, peers):
        return [p for p in peers if not self.peers or p in self.peers]

    def turns(self, peers):
        """Round after round, each begun by another peer."""
        peers = self.chosen(peers)
        for rep in range(self.reps):
            for k in range(len(peers)):
                yield rep, peers[(k + rep) % len(peers)]


def told(measure, peer, *args):
    """Measures; what goes wrong with one peer does not end the run."""
    try:
        measure(peer, *args)
    except Exception as e:
        print(f"# {peer} {measure.__name__} {args}: {e!r}", flush=True)


# --- C-STORE -----------------------------------------------------------------------------------

BOTH = [OURS, DURABLE, ORTHANC]
STORE = {  # scenario: peers, what a quick run changes
    "S1.ct-1assoc": (BOTH + [QRSCP, "isocenter-nosync", "dcmtk-storescp"], dict(instances=200)),
    "S1.ct-10assoc": (BOTH + [QRSCP], dict(instances=200, per_series=20)),
    "S1.ct-300x1": (BOTH + [QRSCP], dict(instances=60, assocs=60)),
    "S1.us-4x100MB": (BOTH, {}),
    "S1.us-4x100MB-4assoc": (BOTH, {}),
    # the same with the memory maps read every 5 ms, which costs time: for the memory only
    "S1.us-memory": (BOTH, {}),
}


def store_once(peer, name, rep, options, wrap=None):
    """A fresh server; then what it holds is counted. None: the driver did not end."""
    s = Server(peer, wrap=wrap)
    s.wipe()
    s.start()
    try:
        os.sync()
        j = s.drive("store", name, record=False, seed=100 + rep, **options)
        if not j:
            return None
        if "find" in s.supports:
            h = s.drive("held", name, record=False, seed=100 + rep, pid="", disk="", **options)
            j["held"] = h["held"] if h else 0
        else:
            j["held"] = j["files"]
        return s, j
    finally:
        s.stop()
        s.wipe()


def store(plan):
    for name, (peers, less) in STORE.items():
        if not plan.wants(name):
            continue
        if name == "S1.us-memory":
            options = dict(S1["S1.us-4x100MB-4assoc"], maps_ms=5)
        else:
            options = dict(S1[name])
        if plan.quick:
            options.update(less)

        def measure(peer, rep):
            done = store_once(peer, name, rep, options)
            if done:
                done[0].record(done[1], rep)

        for rep, peer in plan.turns(peers):
            told(measure, peer, rep)


# --- clients that leave Nagle's algorithm on ---------------------------------------------------

CLIENTS = {  # mode: servers. A packaged server leaves Nagle's algorithm on as its client does
    "nagle": [OURS, "dcmqrscp-nagle", "orthanc-1.12-nagle"],
    "nodelay": [OURS, QRSCP, ORTHANC],
}


def run_client(s, mode, name, args, count, unit, rep):
    env = {k: v for k, v in ENV.items() if k != "TCP_NODELAY"}
    if mode == "nodelay":
        env["TCP_NODELAY"] = "1"
    with Timed() as t:
        r = subprocess.run(args, env=env, capture_output=True, text=True, timeout=300)
    j = {"scenario": f"{name}-{mode}", "peer": s.peer, unit: count, "wall_s": round(t.wall, 4), "client_cpu_s": round(t.cpu, 3),
         "per_s": round(count / t.wall, 2), "each_ms": round(t.wall * 1000 / count, 3),
         "errors": "" if r.returncode == 0 else f"exit {r.returncode}: {r.stderr.strip()[-120:]}"}
    s.record(j, rep)


def clients(plan):
    """DCMTK's storescu and findscu as they are."""
    n, queries = plan.n(200, 20), plan.n(50, 10)
    folder = files("ct", n, 10)
    to = ["-aet", ENV["BENCH_CALLING"], "-aec", ENV["BENCH_AET"], "127.0.0.1", ENV["BENCH_PORT"]]
    find = ["findscu", "-S", *to, "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=P0420000000", "-k", "StudyInstanceUID", "-k", "PatientName"]

    def measure(peer, mode, rep):
        s = Server(peer)
        s.wipe()
        s.start()
        try:
            run_client(s, mode, "S1.storescu", ["/usr/bin/storescu", *to, "+sd", folder], n, "instances", rep)
            seen = subprocess.run([*find, "-v"], capture_output=True, text=True, timeout=60)
            if len(re.findall(r"Find Response: \d", seen.stdout + seen.stderr)) != 1:
                raise RuntimeError("findscu does not find the one study")
            run_client(s, mode, "S2.findscu", [*find, "--repeat", str(queries)], queries, "queries", rep)
        finally:
            s.stop()
            s.wipe()

    for mode, peers in CLIENTS.items():
        if plan.wants("S1.storescu-" + mode):
            for rep, peer in plan.turns(peers):
                told(measure, peer, mode, rep)


# --- a slower disk -----------------------------------------------------------------------------

SLOW_DISK = {  # scenario: ms more for a flush, what is sent. 50 ms: so long that the rest of a C-STORE does not count
    "S1-5ms.ct-1assoc": (5, dict(instances=200, connections=1), dict(instances=50)),
    "S1-5ms.ct-10assoc": (5, dict(instances=1000, connections=10, per_series=100), dict(instances=200, per_series=20)),
    "S1-50ms.ct-1assoc": (50, dict(instances=60, connections=1), dict(instances=10)),
    "S1-50ms.ct-10assoc": (50, dict(instances=400, connections=10, per_series=40), dict(instances=50, per_series=5)),
}
SYNC_CALLS = ["fsync", "fdatasync", "sync_file_range", "syncfs", "msync", "sync", "io_uring_setup"]


def shim():
    """The library that delays flushes, built here."""
    out = os.path.join(WORK, "delayed_sync.so")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", out, os.path.join(HERE, "delayed_sync.c")], check=True)
    return out


class Counter:
    """The file in which the shim counts."""

    def __init__(self):
        self.path = os.path.join(WORK, "delayed_sync.count")
        with open(self.path, "wb") as f:
            f.write(bytes(8))

    def read(self):
        with open(self.path, "rb") as f:
            return int.from_bytes(f.read(8), "little")


def flush(plan):
    """Every flush takes longer, by a preloaded library. That it delays each and every one is checked with strace."""
    library = shim()

    def preloaded(count, delay_ms):
        return ["env", "LD_PRELOAD=" + library, f"BENCH_SYNC_DELAY_US={delay_ms * 1000}", "BENCH_SYNC_COUNT=" + count.path]

    def measure(peer, name, delay_ms, options, rep):
        count = Counter()
        done = store_once(peer, name, rep, options, wrap=preloaded(count, delay_ms))
        if done:
            done[1].update(delay_ms=delay_ms, syncs=count.read(), syncs_per_instance=round(count.read() / done[1]["ok"], 2))
            if delay_ms >= 50:
                done[1]["waited_for"] = int(done[1]["max_ms"] // delay_ms)
            done[0].record(done[1], rep)

    def check(peer):
        count, out = Counter(), os.path.join(WORK, "log", peer + ".syncs")
        traced = ["strace", "-f", "-c", "-U", "name,calls", "-o", out, "-e", "trace=" + ",".join(SYNC_CALLS)]
        s = Server(peer, wrap=traced + preloaded(count, 0))
        s.wipe()
        try:
            s.start()
            s.drive("store", "slow-disk.check", record=False, workload="ct", instances=20, connections=2, timeout=60, pid="", disk="")
        finally:
            s.stop_traced()
            s.wipe()
        seen = {w[0]: int(w[1]) for w in (l.split() for l in open(out)) if len(w) == 2 and w[0] in SYNC_CALLS}
        j = {"scenario": "slow-disk.check", "peer": peer, "calls": seen, "made": sum(seen.values()), "delayed": count.read()}
        j["errors"] = "" if j["made"] == j["delayed"] else "not every flush was delayed"
        emit(peer, j)

    if plan.wants("slow-disk.check"):
        for peer in plan.chosen([OURS, DURABLE]):
            told(check, peer)
    for name, (delay_ms, options, less) in SLOW_DISK.items():
        if plan.wants(name):
            options = dict(workload="ct", **{**options, **(less if plan.quick else {})})
            for rep, peer in plan.turns([OURS, DURABLE]):
                told(measure, peer, name, delay_ms, options, rep)


# --- C-FIND, start -----------------------------------------------------------------------------

SIZES = {10_000: [OURS, ORTHANC], 100_000: [OURS], 1_000_000: [OURS]}
QUERIES = ["pid", "study_uid", "accession", "name_prefix", "date_week_computed", "name_contains", "same_name", "same_date", "same_contains", "all"]


def of_size(scenario, studies):
    return scenario if studies == 10_000 else f"{scenario}-{size_name(studies)}"


def sizes(plan, scenario):
    """Archives and who holds one; a quick run leaves out the big one."""
    return {n: p for n, p in SIZES.items() if plan.wants(of_size(scenario, n) + ".") and not (plan.quick and n > 100_000)}


def find(plan):
    def measure(peer, studies, rep):
        s = archive(peer, studies)
        s.start()
        try:
            time.sleep(1)
            for q in QUERIES:
                name = of_size("S2", studies) + "." + q
                if not plan.wants(name) or (q.startswith("same_") and (peer != OURS or studies == 100_000)):
                    continue
                every = q == "all"
                s.drive("find", name, rep=rep, query=q, studies=studies, clients=1, reps=2 if every else plan.n(2000, 20), max_s=2, timeout=300, disk="")
                if q.startswith("same_") or (every and studies > 100_000):
                    continue
                s.drive("find", name + ".8c", rep=rep, query=q, studies=studies, clients=8, reps=1 if every else plan.n(1000, 10), max_s=3, timeout=300, disk="")
        finally:
            s.stop()

    for studies, peers in sizes(plan, "S2").items():
        for rep, peer in plan.turns(peers):
            told(measure, peer, studies, rep)


def start(plan):
    """From the start of the process to the first C-ECHO, and the memory of a server that nobody calls."""
    def measure(peer, studies, rep):
        s = archive(peer, studies)
        try:
            j = s.start(settle_ms=1500)
        finally:
            s.stop()
        j["scenario"], j["rep"] = of_size("S5", studies) + ".start", rep
        emit(peer, j)

    for studies, peers in sizes(plan, "S5").items():
        for rep, peer in plan.turns(peers):
            for k in range(3):
                told(measure, peer, studies, rep * 3 + k)


# --- C-MOVE, C-GET -----------------------------------------------------------------------------

RETRIEVERS = [OURS, QRSCP, ORTHANC]


def series(peer):
    """The server, stopped, with four series of 500 CT."""
    s = Server(peer, archive="series")
    if not s.holds("4 series"):
        try:
            load_ct(s)
        finally:
            s.stop()
        s.mark_as("4 series")
    return s


def retrieve(plan):
    def measure(peer, rep):
        s = series(peer)
        s.start()
        try:
            time.sleep(1)
            for command in ("move", "get"):
                for n, reps in ((1, 2), (4, 1)):
                    s.drive(command, f"S3.{command}-{n}", rep=rep, clients=n, reps=reps, timeout=300, disk="")
        finally:
            s.stop()

    for rep, peer in plan.turns(RETRIEVERS):
        told(measure, peer, rep)


# --- associations ------------------------------------------------------------------------------

def associations(plan):
    def echo(peer, rep):
        s = Server(peer)
        s.wipe()
        s.start()
        try:
            for n, count in ((1, plan.n(1000, 100)), (8, plan.n(4000, 400))):
                s.drive("echo", f"S4.echo-{n}", rep=rep, clients=n, count=count)
        finally:
            s.stop()

    def idle(peer, rep):
        s = Server(peer)
        s.start()
        try:
            s.drive("idle", "S4.idle-100", rep=rep, count=100)
        finally:
            s.stop()
            s.wipe()

    if plan.wants("S4.echo"):
        for rep, peer in plan.turns([OURS, "isocenter-thread", QRSCP, ORTHANC]):
            told(echo, peer, rep)
    if plan.wants("S4.idle"):
        for rep, peer in plan.turns([OURS, QRSCP, ORTHANC]):
            told(idle, peer, rep)


# --- import, reindex ---------------------------------------------------------------------------

TAKEN_IN = {  # scenario: workload, files, in a series, associations that send the same to who has no import
    "import.small": ("index", 10_000, 1, 4),
    "import.ct": ("ct", 2000, 200, 10),
}


def take_in(plan):
    def by_import(s, folder):
        with Timed() as t:
            s.ask("import", folder)
        return {"wall_s": round(t.wall, 3), "server_cpu_s": round(t.cpu, 3)}

    def held(s, j, layout):
        """How many of the files the server has; of one-instance studies the studies are counted, which is quicker."""
        if "find" not in s.supports:
            return j["files"]
        quiet = dict(record=False, pid="", disk="", timeout=300)
        if layout["per_series"] == 1:
            return s.drive("find", "held", query="all", studies=layout["instances"], clients=1, reps=1, **quiet)["matches"]
        return s.drive("held", "held", **quiet, **layout)["held"]

    def measure(peer, name, rep):
        workload, count, per_series, connections = TAKEN_IN[name]
        count = plan.n(count, count // 10)
        layout = dict(workload=workload, instances=count, per_series=per_series, seed=SEED)
        s = Server(peer)
        s.wipe()
        try:
            if "import" in s.supports:
                j = by_import(s, files(workload, count, per_series))
                s.start()
            else:
                s.start()
                j = s.drive("store", name, record=False, connections=connections, timeout=300, **layout)
            j["held"] = held(s, j, layout)
        finally:
            s.stop()
            s.wipe()
        j.update(scenario=name, peer=peer, instances=count, inst_per_s=round(count / j["wall_s"], 1))
        s.record(j, rep)

    def reindex(peer, rep):
        n = plan.n(100_000, 10_000)
        s = archive(peer, n)
        s.ask("reindex")  # so that the files are in the page cache
        with Timed() as t:
            said = s.ask("reindex")
        emit(peer, {"scenario": "reindex", "peer": peer, "rep": rep, "instances": n, "wall_s": round(t.wall, 3),
                    "server_cpu_s": round(t.cpu, 3), "inst_per_s": round(n / t.wall, 1), "said": said.strip()})

    for name in TAKEN_IN:
        if plan.wants(name):
            for rep, peer in plan.turns([OURS, DURABLE, ORTHANC]):
                told(measure, peer, name, rep)
    if plan.wants("reindex"):
        for rep, peer in plan.turns([OURS]):
            told(reindex, peer, rep)


# --- all of it ---------------------------------------------------------------------------------

NAMED = [OURS, "isocenter-nosync", "isocenter-thread", DURABLE, ORTHANC, "orthanc-1.12-nagle", QRSCP, "dcmqrscp-nagle", "dcmtk-storescp"]


def first_line(path, pattern):
    m = re.search(pattern, open(path).read(), re.M)
    return m.group(1).strip() if m else "?"


def machine():
    """Where it was measured, and what: one line of the machine, one of each server."""
    emit("machine", {
        "scenario": "machine", "date": time.strftime("%Y-%m-%d"), "kernel": platform.release(), "cpu": first_line("/proc/cpuinfo", r"^model name\s*:(.*)$"),
        "cores": os.cpu_count(), "memory_gb": round(int(first_line("/proc/meminfo", r"^MemTotal:\s*(\d+)")) / 1048576, 1),
        "file_system": file_system(WORK), "system": first_line("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "revision": subprocess.run(["git", "-C", HERE, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip(),
        "rust": subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()})
    for peer in NAMED:
        try:
            i = Server(peer).info
            emit(peer, {"scenario": "peer", "peer": peer, "version": i["version"], "durability": i["durability"]})
        except (subprocess.CalledProcessError, OSError) as e:
            print(f"# {peer} is not there: {e!r}", flush=True)


def fill(plan):
    """The archives that are kept. What measures them fills them too, if this did not."""
    for peer in plan.chosen(RETRIEVERS):
        told(series, peer)
    for studies, peers in sizes(plan, "S2").items():
        for peer in plan.chosen(peers):
            told(archive, peer, studies)


def limits(plan):
    """What the machine does by itself."""
    with tempfile.TemporaryDirectory(dir=WORK) as d:
        emit("limits", driver("limits", dir=d, seq_mb=plan.n(1024, 64)))


PARTS = {"fill": fill, "limits": limits, "store": store, "clients": clients, "flush": flush, "retrieve": retrieve, "associations": associations,
         "find": find, "start": start, "import": take_in}


SETTLE_S = 75  # ext4 without a journal passes over an inode for 60 s after its file was deleted, and searches on


def discard_emptied():
    """Deletes what wiping set aside. Whether there was anything."""
    emptied = os.path.join(WORK, "emptied")
    there = os.path.exists(emptied) and bool(os.listdir(emptied))
    shutil.rmtree(emptied, ignore_errors=True)
    os.sync()
    return there


def compare(a):
    plan = Plan(a)
    if discard_emptied():
        time.sleep(SETTLE_S)
    servers.EVERY_LINE["run"] = time.strftime("%Y%m%dT%H%M%S")
    if plan.quick:
        servers.EVERY_LINE["quick"] = 1
    machine()
    for part in a.parts.split(",") if a.parts else PARTS:
        t = time.time()
        PARTS[part](plan)
        print(f"# part {part}: {time.time() - t:.0f} s", flush=True)
    shutil.rmtree(os.path.join(WORK, "files"), ignore_errors=True)
    discard_emptied()
