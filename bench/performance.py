"""Prints docs/performance.md from raw lines."""
import fnmatch, json, os, statistics, sys, tomllib

from goals import OURS, SECTIONS
from servers import HERE, RAW
from tables import g

KEPT = os.path.join(HERE, "results", "performance.jsonl")
PAGE = os.path.join(HERE, "..", "docs", "performance.md")
REASONS = os.path.join(HERE, "reasons.toml")
SERVERS = [  # adapter, what it is
    (OURS, "Isocenter: a process for each association"),
    ("isocenter-nosync", 'Isocenter, `sync = "none"`'),
    ("isocenter-thread", 'Isocenter, `isolation = "thread"`'),
    ("ref-durable", "the load driver's own SCP: no server, the limit that machine and driver set"),
    ("orthanc-1.12", "Orthanc, Debian's defaults"),
    ("dcmqrscp", "DCMTK's dcmqrscp, 500 studies at most"),
    ("dcmtk-storescp", "DCMTK's storescp `--fork`"),
]


class Lines:
    """What was measured, by scenario and peer. Figures that are compared come from one run: the latest that has them all."""

    def __init__(self, lines):
        self.by, self.used, self.quick = {}, {}, False
        for j in lines:
            self.derive(j)
            self.by.setdefault((j["scenario"], j["peer"]), {}).setdefault(j.get("run", ""), []).append(j)

    @staticmethod
    def derive(j):
        if "held" in j and "ok" in j:
            j["lost"] = max(0, j["ok"] - j["held"])
        if "held" in j and "instances" in j:
            j["missing"] = j["instances"] - j["held"]
        if "asked" in j and "accepted" in j:
            j["refused"] = j["asked"] - j["accepted"]
        if j.get("matches_per_query"):
            j["ms_per_match"] = round(j["p50_ms"] / j["matches_per_query"], 5)

    def names(self, pattern, peer):
        return sorted(s for s, p in self.by if p == peer and fnmatch.fnmatchcase(s, pattern))

    def together(self, scenario, peers):
        """The lines of each peer, of the run in which most of them were measured."""
        runs = [r for p in peers for r in self.by.get((scenario, p), {})]
        if not runs:
            return {}
        run = max(runs, key=lambda r: (runs.count(r), r))
        found = {p: self.by[scenario, p][run] for p in peers if run in self.by.get((scenario, p), {})}
        for p, lines in found.items():
            self.use(scenario, p, run, lines)
        return found

    def use(self, scenario, peer, run, lines):
        self.used[(scenario, peer), run] = lines
        self.quick |= any("quick" in j for j in lines)

    def of(self, *pairs):
        """The lines of each (scenario, peer), of the latest run that has all; None: there is no such run."""
        runs = [set(self.by.get(p, {})) for p in pairs]
        common = set.intersection(*runs) if runs else set()
        if not common:
            return None
        run = max(common)
        found = [self.by[p][run] for p in pairs]
        for p, lines in zip(pairs, found):
            self.use(*p, run, lines)
        return found


def read(folder_or_file):
    paths = [os.path.join(folder_or_file, f) for f in sorted(os.listdir(folder_or_file))] if os.path.isdir(folder_or_file) else [folder_or_file]
    return [json.loads(l) for p in paths if p.endswith(".jsonl") for l in open(p)]


def figure(lines, field, worst=False):
    values = [j[field] for j in lines if field in j]
    return (max(values) if worst else statistics.median(values)) if values else None


def cell(lines, field, unit, worst=False):
    values = [j[field] for j in lines if field in j]
    if not values:
        return "-"
    unit = unit if unit.startswith("/") or not unit else " " + unit
    if worst:
        return g(max(values)) + unit
    spread = f" [{g(min(values))}-{g(max(values))}]" if len(values) > 1 else ""
    return g(statistics.median(values)) + unit + spread


class Answer:
    """A goal and what was measured for it."""

    def __init__(self, goal, lines):
        self.goal, self.reached, self.ratio, self.limit = goal, None, None, goal.goal
        self.mine, self.theirs = "not measured", "not measured" if goal.others() else ""
        scenario, field = goal.scenario, goal.field
        if "*" in scenario:  # the worst of several scenarios
            alone = field.startswith("first")  # with one client only
            found = [lines.of((n, goal.peer)) for n in lines.names(scenario, goal.peer) if not (alone and n.endswith(".8c"))]
            found = [f[0] for f in found if f and figure(f[0], field) is not None]
            if not found:
                return
            mine, theirs = max(found, key=lambda f: figure(f, field, goal.worst)), None
        else:
            pairs = [goal.ours()] + ([goal.others()] if goal.others() else [])
            found = lines.of(*pairs)
            if not found or any(figure(f, field) is None for f in found):
                return
            mine, theirs = found[0], found[1] if len(found) > 1 else None
        value = figure(mine, field, goal.worst)
        self.mine = cell(mine, field, goal.unit, goal.worst)
        if goal.per_match:
            matches = figure(mine, "matches_per_query")
            self.limit += goal.per_match * matches
            self.mine += f", {g(matches)} matches"
        if theirs is None:
            self.settle(value, goal.sense == "at least")
            return
        other = figure(theirs, field)
        self.theirs = cell(theirs, field, goal.unit)
        top, bottom = (other, value) if goal.sense == "faster" else (value, other)
        self.ratio = top / bottom if bottom else float("inf")
        self.settle(self.ratio, goal.sense != "at most times")

    def settle(self, value, more_is_better):
        self.reached = value >= self.limit if more_is_better else value <= self.limit
        self.off = abs(value - self.limit) / self.limit if self.limit else value

    def verdict(self):
        if self.reached is None:
            return "not measured"
        return "yes" if self.reached else f"**no**, {self.off * 100:.0f} % off" if self.limit else f"**no**, {self.off:.0f}"

    def goal_text(self):
        o = self.goal
        if o.sense in ("times", "faster"):
            return f"≥ {o.goal:g} x"
        if o.sense == "at most times":
            return f"≤ {o.goal:g} x"
        unit = o.unit if o.unit.startswith("/") or not o.unit else " " + o.unit
        return ("≥ " if o.sense == "at least" else "≤ ") + (f"{self.limit:,.10g}" if self.limit == o.goal else g(self.limit)) + unit


def section(title, answers, note, reasons):
    out = [f"### {title}", ""]
    if note:
        out += [note, ""]
    compared = any(a.goal.others() for a in answers)
    if compared:
        out += ["| | Isocenter | the other | | ratio | goal | reached |", "|---|---|---|---|---|---|---|"]
    else:
        out += ["| | Isocenter | goal | reached |", "|---|---|---|---|"]
    for a in answers:
        o, ratio = a.goal, "" if a.ratio is None else g(a.ratio) + " x"
        if compared:
            other = "" if not o.others() else o.than if o.than != o.peer else "Isocenter"
            out.append(f"| {o.what} | {a.mine} | {other} | {a.theirs} | {ratio} | {a.goal_text()} | {a.verdict()} |")
        else:
            out.append(f"| {o.what} | {a.mine} | {a.goal_text()} | {a.verdict()} |")
    missed = [a for a in answers if a.reached is False and reasons.get(a.goal.id)]
    if missed:
        out.append("")
        out += [f"- {a.goal.what}{' against ' + a.goal.than if a.goal.than and a.goal.than != a.goal.peer else ''}: {reasons[a.goal.id]}" for a in missed]
    return out + [""]


def durability(lines):
    out = ["| adapter | what it is | version | safe before the answer |", "|---|---|---|---|"]
    for peer, what in SERVERS:
        found = lines.of(("peer", peer))
        if found:
            out.append(f"| {peer} | {what} | {found[0][-1]['version']} | {found[0][-1]['durability']} |")
    return out


def modes(lines):
    """Both client modes side by side."""
    out = ["| | client and server as packaged | both `TCP_NODELAY=1` |", "|---|---|---|"]
    for tool, scenario in (("storescu, instances", "S1.storescu"), ("findscu, queries", "S2.findscu")):
        for name, packaged, set_ in (("Isocenter", OURS, OURS), ("dcmqrscp", "dcmqrscp-nagle", "dcmqrscp"), ("Orthanc 1.12", "orthanc-1.12-nagle", "orthanc-1.12")):
            found = [lines.of((scenario + "-nagle", packaged)), lines.of((scenario + "-nodelay", set_))]
            out.append(f"| {tool}, {name} | " + " | ".join(cell(f[0], "per_s", "/s") if f else "not measured" for f in found) + " |")
    return out


HEADLINES = [  # what, scenarios, field, field in brackets
    ("C-STORE: instances each second (CPU s for each GB)", ["S1.ct-1assoc", "S1.ct-10assoc", "S1.ct-300x1", "S1.us-4x100MB", "S1.us-4x100MB-4assoc"], "inst_per_s", "server_cpu_s_per_gb"),
    ("C-STORE: median ms of one (slowest)", ["S1.ct-1assoc", "S1.ct-10assoc", "S1.ct-300x1"], "p50_ms", "max_ms"),
    ("Retrieve of 500 CT: instances each second (CPU s for each GB)", ["S3.move-1", "S3.move-4", "S3.get-1", "S3.get-4"], "inst_per_s", "server_cpu_s_per_gb"),
    ("Associations with one C-ECHO each second (CPU ms for each)", ["S4.echo-1", "S4.echo-8"], "echo_per_s", "server_cpu_ms_per_op"),
    ("100 idle associations: ms until a newcomer's C-ECHO is answered (KB of PSS for each)", ["S4.idle-100"], "fresh_echo_ms", "pss_kb_per_assoc"),
    ("All of 10,000 studies: ms until the last match (until the first)", ["S2.all", "S2.all.8c"], "p50_ms", "first_p50_ms"),
    ("Start to the first C-ECHO with 10,000 studies: ms (MB of PSS idle)", ["S5.start"], "start_ms", "pss_idle_mb"),
]


def headline(measured, field, second):
    if not measured:
        return ""
    text = f"{cell(measured, field, '')} ({g(figure(measured, second) or 0)})"
    lost = figure(measured, "lost", True)
    refused = max((j["instances"] - j["ok"] for j in measured if "ok" in j and "instances" in j), default=0)
    text += f", up to {lost} lost" if lost else ""
    text += f", up to {refused} refused" if refused else ""
    return text + (", newcomer not served" if any(j.get("fresh_echo", "ok") != "ok" for j in measured) else "")


def side_by_side(lines):
    out = []
    for what, scenarios, field, second in HEADLINES:
        found = {s: lines.together(s, [p for p, _ in SERVERS]) for s in scenarios}
        peers = [p for p, _ in SERVERS if any(p in f for f in found.values())]
        if not peers:
            continue
        out += [f"**{what}**", "", "| | " + " | ".join(peers) + " |", "|---|" + "---|" * len(peers)]
        for s, by_peer in found.items():
            if by_peer:
                out.append(f"| {s} | " + " | ".join(headline(by_peer.get(p), field, second) for p in peers) + " |")
        out.append("")
    return out + errors(lines)


def errors(lines):
    """What went wrong, of all that the page uses."""
    found = sorted({f"- {scenario}, {peer}: {j['errors']}" for ((scenario, peer), _), used in lines.used.items() for j in used if j.get("errors")})
    return ["**Failures, as the clients saw them**", "", *found, ""] if found else []


def text(lines):
    reasons = tomllib.load(open(REASONS, "rb")) if os.path.exists(REASONS) else {}
    answers = [(title, [Answer(o, lines) for o in goals()], note) for title, goals, note in SECTIONS]
    every = [a for _, found, _ in answers for a in found]
    reached, missed = sum(a.reached is True for a in every), sum(a.reached is False for a in every)
    machine = (lines.of(("machine", "machine")) or [[{}]])[0][-1]
    limits = (lines.of(("limits", "limits")) or [[{}]])[0][-1]
    checks = [(p, lines.of(("slow-disk.check", p))) for p in (OURS, "ref-durable")]
    slow = lines.of(("S1-5ms.ct-1assoc", OURS))
    out = ["# Performance", "",
           "Isocenter beside other DICOM archives, on one machine, in turns: one measurement of each, then the next round, so that whatever else the machine",
           "does falls on all. Printed from `bench/results/performance.jsonl` by `bench/bench.py`; to repeat it, with your machine's figures (see",
           "[bench/README.md](../bench/README.md)):", "",
           "```", "cd bench", "export BENCH_WORK=/some/scratch/dir ISOCENTER=/path/to/isocenter", "sh peers.sh                    # once: the load driver and the other servers",
           "python3 bench.py compare       # 40 minutes; --parts and --only for less", "python3 bench.py publish       # writes this page", "```", "",
           f"**{reached} of {len(every)} goals reached, {missed} missed**" + (f", {len(every) - reached - missed} not measured." if reached + missed < len(every) else "."), "",
           "## Where and what", ""]
    if lines.quick:
        out[2:2] = ["**A trial with few instances: the figures say nothing.**", ""]
    out.append(f"{machine.get('date', '?')}, revision {machine.get('revision', '?')}, {machine.get('rust', '?').split(' (')[0]}, release build. Virtual machine: {machine.get('cores', '?')} cores ({machine.get('cpu', '?')}), "
               f"{machine.get('memory_gb', '?')} GB, {machine.get('file_system', '?')}; {machine.get('system', '?')}, Linux {machine.get('kernel', '?')}. Servers and load driver share the cores.")
    if limits:
        out += ["", f"The machine by itself: {g(limits['files512k_durable_per_s'])} durable files of 512 KB each second by one thread, {g(limits['files512k_durable_8threads_per_s'])} by eight "
                f"(write, fdatasync, rename, fsync of the directory); {g(limits['append4k_fdatasync_per_s'])} appends of 4 KB with fdatasync; {g(limits['tcp_128k_mb_per_s'])} MB/s through one loopback connection."]
    out += [""] + durability(lines)
    out += ["", "Data are made from a seed: CT of 530 KB with about 90 attributes, multi-frame ultrasound of 99.5 MB, header-only studies for queries. The load driver shares no code with any",
            "DICOM library. Unless a line says otherwise, client and servers have Nagle's algorithm off (`TCP_NODELAY=1`), which is how DCMTK and Orthanc are fastest.", "",
            "Figures are the median of the rounds and [lowest-highest]. A ratio is that of the medians. Where it says slowest or most, or counts what should not be, the worst round is taken.", "",
            "## Goals", ""]
    for title, found, note in answers:
        if title.startswith("A disk"):
            seen = [f"{p} {f[0][-1]['delayed']} of {f[0][-1]['made']}" for p, f in checks if f]
            note = "Every flush (fsync, fdatasync, syncfs, waiting sync_file_range) takes 5 ms (or 50) more than it does, by a preloaded library"
            note += f"; strace saw that it is each one ({', '.join(seen)})." if seen else "."
            if slow:
                note += f" At one association Isocenter makes {g(figure(slow[0], 'syncs_per_instance'))} flushes an instance, some of them at the same time; with 5 ms each a C-STORE takes {cell(slow[0], 'p50_ms', 'ms')}."
        if title.startswith("C-FIND: time"):
            elsewhere = [(n, f[0][-1]["file_system"]) for n, k in (("100,000", "100k"), ("1,000,000", "1M")) if (f := lines.of((f"archive-{k}", OURS)))]
            note += "".join(f" The archive of {n} studies lay on {fs}." for n, fs in elsewhere if fs != machine.get("file_system"))
        out += section(title, found, note, reasons)
    out += ["## Both client modes", "", "DCMTK's tools, each second. `TCP_NODELAY=1` is an environment variable of DCMTK; Isocenter needs none.", ""] + modes(lines)
    out += ["", "## Side by side", "", "Lost: answered with success and not found afterwards. Refused: answered with a failure, or cut off.", ""] + side_by_side(lines)
    return "\n".join(out).rstrip() + "\n"


def page(a):
    """From the raw lines, to standard output."""
    sys.stdout.write(text(Lines(read(RAW))))


def publish(a):
    """Keeps the raw lines that the page uses, and writes the page from what was kept."""
    lines = Lines(read(RAW))
    text(lines)
    if lines.quick:
        sys.exit("there are lines of a quick run among those that would be used: measure these parts in full, or name another BENCH_RAW")
    if not lines.used:
        sys.exit(f"no lines of a comparison in {RAW}")
    os.makedirs(os.path.dirname(KEPT), exist_ok=True)
    with open(KEPT, "w") as f:
        for (_, _), found in sorted(lines.used.items()):
            for j in found:
                f.write(json.dumps(j) + "\n")
    with open(PAGE, "w") as f:
        f.write(text(Lines(read(KEPT))))
    print(f"{os.path.relpath(PAGE)} and {os.path.relpath(KEPT)} written")
