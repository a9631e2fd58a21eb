"""Peers as processes: what an adapter says, starting and stopping, and driving the load."""
import json, os, shutil, signal, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.abspath(os.environ.get("BENCH_WORK", os.path.join(HERE, "target", "work")))
DRIVER = os.environ.get("BENCH_DRIVER", os.path.join(WORK, "target", "release", "dbench"))
RAW = os.environ.get("BENCH_RAW", os.path.join(HERE, "results", "raw"))
EVERY_LINE = {}
INFO = {}
ENV = dict(os.environ)
for k, v in dict(BENCH_WORK=WORK, BENCH_DRIVER=DRIVER, BENCH_PORT="11112", BENCH_HTTP_PORT="18042", BENCH_SINK_PORT="11190",
                 BENCH_AET="BENCHSCP", BENCH_CALLING="BENCH", BENCH_SINK_AET="BENCHSINK").items():
    ENV.setdefault(k, v)


def in_namespace():
    """Servers and driver run in a network namespace that has only a loopback interface: several
    peers have no setting for the address to listen on. BENCH_NETNS=0 turns this off."""
    if os.environ.get("BENCH_NETNS", "1") == "0" or os.environ.get("BENCH_IN_NETNS"):
        return
    if os.geteuid() != 0 or not shutil.which("unshare"):
        sys.exit("needs root and unshare for a loopback-only network namespace; BENCH_NETNS=0 runs without one")
    os.environ["BENCH_IN_NETNS"] = "1"
    args = [sys.executable, os.path.abspath(sys.argv[0])] + sys.argv[1:]
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"] + args)


def adapter(peer):
    return os.path.join(HERE, "adapters", peer + ".sh")


class Server:
    """A peer: its adapter, its process and its data. `archive` names data that outlive the data of the others."""

    def __init__(self, peer, wrap=None, archive=""):
        self.peer, self.wrap, self.p = peer, wrap or [], None
        self.env = dict(ENV, BENCH_ARCHIVE=archive)
        if (peer, archive) not in INFO:
            INFO[peer, archive] = json.loads(self.ask("info"))
        self.info = INFO[peer, archive]
        self.supports = self.info["supports"].split()
        self.data = self.info["data_dir"]
        self.mark = os.path.join(WORK, "data", peer + (f"-{archive}" if archive else "") + ".loaded")

    def ask(self, *words):
        """What the adapter answers to a word; an error when it ends with one."""
        os.makedirs(os.path.join(WORK, "log"), exist_ok=True)
        with open(self.log(), "ab") as log:
            return subprocess.run([adapter(self.peer), *words], env=self.env, check=True, stdout=subprocess.PIPE, stderr=log, text=True).stdout

    def log(self):
        return os.path.join(WORK, "log", self.peer + ".log")

    def wipe(self):
        self.ask("wipe")
        if os.path.exists(self.mark):
            os.unlink(self.mark)

    def holds(self, what):
        """Whether the data are marked as `what`."""
        return os.path.exists(self.mark) and open(self.mark).read() == what

    def mark_as(self, what):
        with open(self.mark, "w") as f:
            f.write(what)

    def start(self, settle_ms=0, name="ready", record=False, limit_s=120):
        os.makedirs(os.path.join(WORK, "log"), exist_ok=True)
        os.makedirs(os.path.join(WORK, "data"), exist_ok=True)
        log = open(self.log(), "ab")
        if os.path.exists(self.data + ".started"):
            os.unlink(self.data + ".started")
        t0 = time.time_ns()
        self.p = subprocess.Popen(self.wrap + [adapter(self.peer), "run"], env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        r = self.drive("ready", name, record=record, t0_ns=t0, settle_ms=settle_ms, limit_s=limit_s, disk="")
        if r is None:
            self.stop()
            raise RuntimeError(self.peer + " did not start")
        try:
            with open(self.data + ".started") as f:
                r["adapter_ms"] = round(max(0.0, float(f.read()) * 1000 - t0 / 1e6), 3)
            r["start_ms"] = round(r["start_ms"] - r["adapter_ms"], 3)
        except FileNotFoundError:
            pass  # an adapter that does not say when it became the server
        return r

    def stop(self):
        if not self.p:
            return
        self.p.send_signal(signal.SIGTERM)
        try:
            self.p.wait(60)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        try:
            os.killpg(self.p.pid, signal.SIGKILL)  # what it forked and left
        except ProcessLookupError:
            pass
        self.p = None

    def stop_traced(self):
        """Stops a server that was started under strace, which ends with what it traces."""
        if self.p:
            for child in subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.p.pid)], capture_output=True, text=True).stdout.split():
                os.kill(int(child), signal.SIGTERM)
            try:
                self.p.wait(30)
            except subprocess.TimeoutExpired:
                pass
        self.stop()

    def drive(self, cmd, name, record=True, rep=0, **kw):
        args = [DRIVER, cmd, "--name", name, "--label", self.peer, "--port", ENV["BENCH_PORT"], "--called", ENV["BENCH_AET"],
                "--calling", ENV["BENCH_CALLING"], "--sink-port", ENV["BENCH_SINK_PORT"], "--dest", ENV["BENCH_SINK_AET"], "--base", kw.pop("base_url", "")]
        if cmd != "http":
            args = args[:-2]
        if self.p:
            args += ["--pid", str(self.p.pid)]
        kw.setdefault("disk", self.data)
        for k, v in kw.items():
            args += ["--" + k.replace("_", "-"), str(v)]
        try:
            r = subprocess.run(args, capture_output=True, text=True, timeout=900)
        except subprocess.TimeoutExpired:
            print(f"# {self.peer} {name}: no end within 900 s", flush=True)
            return None
        if r.returncode != 0 or not r.stdout.strip():
            print(f"# {self.peer} {name}: exit {r.returncode} {r.stderr.strip()[-300:]}", flush=True)
            return None
        j = json.loads(r.stdout)
        if record:
            self.record(j, rep)
        return j

    def record(self, j, rep):
        t = time.time()
        os.sync()
        j["flush_s"] = round(time.time() - t, 3)
        j["rep"] = rep
        emit(self.peer, j)


def emit(peer, j):
    """One raw line. `EVERY_LINE` holds what all lines of this run are to say."""
    os.makedirs(RAW, exist_ok=True)
    j["peer"], j["at"] = peer, time.strftime("%H:%M:%S")
    j.update(EVERY_LINE)
    with open(os.path.join(RAW, peer + ".jsonl"), "a") as f:
        f.write(json.dumps(j) + "\n")
    print(json.dumps(j), flush=True)
