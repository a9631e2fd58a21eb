"""Archives that are filled once and measured often, and the files that are taken in."""
import json, os, resource, shutil, subprocess, time

from scenarios import load_index
from servers import DRIVER, WORK, Server, emit

SEED = 42  # of the archives: the driver knows them by it


def size_name(studies):
    return "1M" if studies == 1_000_000 else f"{studies // 1000}k" if studies >= 1000 else str(studies)


def file_system(path):
    found = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", path], capture_output=True, text=True).stdout.split()
    return found[0] if found else "?"


SEEN = set()


def driver(command, **options):
    args = [DRIVER, command]
    for k, v in options.items():
        args += ["--" + k.replace("_", "-"), str(v)]
    return json.loads(subprocess.run(args, check=True, capture_output=True, text=True).stdout)


def archive(peer, studies):
    """The server, stopped, with so many one-instance studies."""
    s = Server(peer, archive=size_name(studies))
    if not s.holds(str(studies)):
        t = time.time()
        fill(s, studies)
        print(f"# {peer}: archive of {studies} studies filled in {time.time() - t:.0f} s", flush=True)
    if (peer, studies) not in SEEN:
        SEEN.add((peer, studies))
        emit(peer, {"scenario": f"archive-{size_name(studies)}", "file_system": file_system(s.data)})
    return s


def fill(s, studies):
    """Who can read its data anew from files gets files, who cannot gets them by C-STORE."""
    if "reindex" in s.supports:
        s.wipe()
        driver("vault", workload="index", instances=studies, seed=SEED, out=os.path.join(s.data, "vault"))
        s.ask("reindex")
        s.mark_as(str(studies))
        return
    try:
        if not load_index(s, studies, f"load-{size_name(studies)}"):
            raise RuntimeError(f"{s.peer} did not take {studies} studies")
    finally:
        s.stop()


def files(workload, count, per_series):
    """A directory of so many generated files."""
    out = os.path.join(WORK, "files", f"{workload}-{count}")
    if not os.path.exists(out + ".whole"):
        shutil.rmtree(out, ignore_errors=True)
        driver("gen", workload=workload, instances=count, per_series=per_series, seed=SEED, out=out)
        open(out + ".whole", "w").close()
    return out


class Timed:
    """Wall and CPU time of the children that end inside the block."""

    def __enter__(self):
        self.t, self.r = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
        return self

    def __exit__(self, *_):
        r = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.wall = time.time() - self.t
        self.cpu = r.ru_utime + r.ru_stime - self.r.ru_utime - self.r.ru_stime
