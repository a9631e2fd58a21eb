"""What is to be reached: one record for each line of docs/performance.md."""
from dataclasses import dataclass

OURS, DURABLE, ORTHANC, QRSCP = "isocenter", "ref-durable", "orthanc-1.12", "dcmqrscp"


@dataclass(frozen=True)
class Goal:
    """`sense`: `times` (our figure is at least `goal` times the other one), `faster` (the other one's is at least
    `goal` times ours), `at most times`; without another one `at least` and `at most`."""
    id: str
    what: str
    sense: str
    goal: float
    field: str
    scenario: str
    peer: str = OURS
    than: str = ""  # the other peer; empty: none
    than_scenario: str = ""  # empty: the same
    unit: str = ""
    per_match: float = 0.0  # that much more is allowed for each match of a query
    worst: bool = False  # the worst of all rounds counts, not the median

    def ours(self):
        return self.scenario, self.peer

    def others(self):
        return (self.than_scenario or self.scenario, self.than or self.peer) if self.sense in ("times", "faster", "at most times") else None


def rate(id, what, scenario, goals, field="inst_per_s", unit="/s", peer=OURS):
    return [Goal(f"{id}/{than}", what, "times", goal, field, scenario, peer=peer, than=than, unit=unit) for than, goal in goals]


def c_store():
    s = "one association, 2,000 CT"
    yield from rate("store-1", s, "S1.ct-1assoc", [(DURABLE, 0.9), (ORTHANC, 2)])
    yield from rate("store-1", s + ', `sync = "none"`', "S1.ct-1assoc", [("dcmtk-storescp", 1.0)], peer="isocenter-nosync")
    yield from rate("store-10", "10 associations, 2,000 CT", "S1.ct-10assoc", [(DURABLE, 0.9), (ORTHANC, 3)])
    yield Goal("store-10/lost", "the same: answered with success and not there", "at most", 0, "lost", "S1.ct-10assoc", worst=True)
    yield Goal("store-10/worst", "the same: the slowest C-STORE of all rounds", "at most", 250, "max_ms", "S1.ct-10assoc", unit="ms", worst=True)
    yield from rate("store-300", "300 associations of one CT, 8 at a time", "S1.ct-300x1", [(DURABLE, 0.7), (ORTHANC, 2)])
    yield from rate("store-us-1", "4 multi-frames of 100 MB, one association", "S1.us-4x100MB", [(DURABLE, 0.9)])
    yield from rate("store-us-4", "4 multi-frames of 100 MB, 4 associations", "S1.us-4x100MB-4assoc", [(DURABLE, 0.9)])
    yield Goal("store-us-memory", "the same: private memory of the process that has most", "at most", 16, "server_peak_private_mb", "S1.us-memory", unit="MB", worst=True)
    for id, scenario, what in (("1", "S1.ct-1assoc", "2,000 CT, one association"), ("10", "S1.ct-10assoc", "2,000 CT, 10 associations"), ("us", "S1.us-4x100MB", "multi-frames")):
        yield Goal(f"store-cpu-{id}", "CPU of the server for each GB: " + what, "at most times", 1.2, "server_cpu_s_per_gb", scenario, than=DURABLE, unit="s")


def nagle():
    for tool, scenario in (("storescu", "S1.storescu"), ("findscu", "S2.findscu")):
        for than in ("dcmqrscp-nagle", "orthanc-1.12-nagle"):
            yield from rate(tool, f"{tool}, as packaged", scenario + "-nagle", [(than, 15)], field="per_s")
        yield Goal(f"{tool}/nodelay", f"{tool}: as packaged, against `TCP_NODELAY=1`", "at most times", 2, "each_ms", scenario + "-nagle",
                   than=OURS, than_scenario=scenario + "-nodelay", unit="ms")


def slow_disk():
    yield Goal("flush-10", "10 associations, against one", "times", 6, "inst_per_s", "S1-5ms.ct-10assoc", than=OURS, than_scenario="S1-5ms.ct-1assoc", unit="/s")
    for n, what in ((1, "one association"), (10, "10 associations")):
        yield Goal(f"flush-wait-{n}", f"flushes that the slowest instance waits for, {what} (50 ms each)", "at most", 2, "waited_for", f"S1-50ms.ct-{n}assoc", worst=True)


SIZES = {"10,000": "S2", "100,000": "S2-100k", "1,000,000": "S2-1M"}
LIMITS = {  # query: what it is, ms, ms more for each match
    "pid": ("Patient ID", 0.3, 0),
    "study_uid": ("Study Instance UID, with counts", 0.3, 0),
    "accession": ("Accession Number", 0.3, 0),
    "name_prefix": ("name `SMITH*`", 1, 0.01),
    "date_week_computed": ("a week, with counts and modalities", 1, 0.01),
    "name_contains": ("name `*SMI*`", 5, 0.01),
}


def c_find_time():
    for q, (what, ms, more) in LIMITS.items():
        for studies, prefix in SIZES.items():
            yield Goal(f"find-{q}-{studies}", f"{what}; {studies} studies", "at most", ms, "p50_ms", f"{prefix}.{q}", unit="ms", per_match=more)


def c_find_growth():
    for q in ("pid", "study_uid", "accession"):
        yield Goal(f"growth-{q}", LIMITS[q][0], "at most times", 1.5, "p50_ms", f"S2-1M.{q}", than=OURS, than_scenario=f"S2.{q}", unit="ms")
    for q, what in (("same_name", "name prefix, some 300 matches: for each"), ("same_date", "days, some 270 matches: for each"), ("same_contains", "`*name part*`, some 300 matches: for each")):
        yield Goal(f"growth-{q}", what, "at most times", 1.5, "ms_per_match", f"S2-1M.{q}", than=OURS, than_scenario=f"S2.{q}", unit="ms")


def c_find_streams():
    for studies, prefix in SIZES.items():
        yield Goal(f"first-{studies}", f"first match of the slowest query; {studies} studies", "at most", 2, "first_p50_ms", f"{prefix}.*", unit="ms")
    for studies, prefix in SIZES.items():
        yield Goal(f"all-{studies}", f"all of {studies} studies: matches", "at least", 100_000, "inst_per_s", f"{prefix}.all", unit="/s")
        yield Goal(f"counts-{studies}", f"queries with a wrong number of matches; {studies} studies", "at most", 0, "wrong_counts", f"{prefix}.*", worst=True)


def c_find_orthanc():
    for q, (what, _, _) in {**LIMITS, "all": ("all studies", 0, 0)}.items():
        yield Goal(f"find-{q}/orthanc", f"{what}; 10,000 studies", "faster", 10, "p50_ms", f"S2.{q}", than=ORTHANC, unit="ms")


def c_find_clients():
    for q, (what, _, _) in LIMITS.items():
        for studies, prefix in SIZES.items():
            yield Goal(f"find-8-{q}-{studies}", f"{what}; {studies} studies", "times", 1.7, "queries_per_s", f"{prefix}.{q}.8c", than=OURS, than_scenario=f"{prefix}.{q}", unit="/s")


def retrieve():
    for command in ("move", "get"):
        for n, clients in ((1, "one client"), (4, "4 clients")):
            scenario, what = f"S3.{command}-{n}", f"C-{command.upper()} of 500 CT, {clients}"
            yield from rate(f"{command}-{n}", what, scenario, [(QRSCP, 1.3), (ORTHANC, 3)])
            yield Goal(f"{command}-{n}/cpu", what + ": CPU of the server for each GB", "at most times", 0.5, "server_cpu_s_per_gb", scenario, than=QRSCP, unit="s")


def associations():
    yield from rate("echo-8", "an association for each C-ECHO, 8 clients, a fresh process each", "S4.echo-8", [(QRSCP, 3)], field="echo_per_s")
    yield from rate("echo-8", 'the same, `isolation = "thread"`', "S4.echo-8", [(ORTHANC, 1)], field="echo_per_s", peer="isocenter-thread")
    yield Goal("idle-memory", "100 idle associations: private memory of the process that has most", "at most", 1024, "private_kb_max", "S4.idle-100", unit="KB", worst=True)
    yield Goal("idle-refused", "100 idle associations: not accepted", "at most", 0, "refused", "S4.idle-100", worst=True)
    yield Goal("idle-newcomer", "a C-ECHO on a new association meanwhile", "at most", 2, "fresh_echo_ms", "S4.idle-100", unit="ms")


def start():
    for studies, prefix in (("10,000", "S5"), ("1,000,000", "S5-1M")):
        yield Goal(f"start-{studies}", f"start to the first C-ECHO; {studies} studies", "at most", 40, "start_ms", prefix + ".start", unit="ms")
    yield Goal("start-same", "the same with 1,000,000 as with 10,000 studies", "at most times", 1.2, "start_ms", "S5-1M.start", than=OURS, than_scenario="S5.start", unit="ms")
    for studies, prefix in (("10,000", "S5"), ("1,000,000", "S5-1M")):
        yield Goal(f"idle-pss-{studies}", f"memory of all idle processes (PSS); {studies} studies", "at most", 16, "pss_idle_mb", prefix + ".start", unit="MB")


def taking_in():
    yield from rate("import-small", "`import` of 10,000 small files, against the same by C-STORE", "import.small", [(ORTHANC, 3)])
    yield from rate("import-ct", "`import` of 2,000 CT files, against the same by C-STORE", "import.ct", [(ORTHANC, 3)])
    for name in ("small", "ct"):
        yield Goal(f"import-{name}/held", f"files of `import` that are not found afterwards ({'small files' if name == 'small' else 'CT'})", "at most", 0, "missing", f"import.{name}", worst=True)
    yield Goal("reindex", "`reindex` of 100,000 instances, files in the page cache", "at least", 20_000, "inst_per_s", "reindex", unit="/s")


SECTIONS = [
    ("C-STORE", c_store, ""),
    ("Clients that leave Nagle's algorithm on", nagle,
     "200 CT by DCMTK's storescu, 50 queries by its findscu on one association, nothing set; the servers as their packages start them. Wall time of the\n"
     "whole command."),
    ("A disk that takes 5 ms for a flush", slow_disk, ""),
    ("C-FIND: time of one query", c_find_time, "One client, one association; the goal grows by 10 µs for each match."),
    ("C-FIND: 1,000,000 studies against 10,000", c_find_growth, "The same number of matches in both."),
    ("C-FIND: streams", c_find_streams, ""),
    ("C-FIND against Orthanc", c_find_orthanc, ""),
    ("C-FIND: 8 clients against one", c_find_clients, "Queries answered each second; the load driver uses the same two cores."),
    ("C-MOVE and C-GET", retrieve, ""),
    ("Associations", associations, ""),
    ("Start", start, ""),
    ("Taking in files", taking_in, ""),
]
