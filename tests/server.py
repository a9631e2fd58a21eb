"""`isocenter serve` as a process of its own, and what can be seen of it from outside."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from raw_peer import Proposed, RawPeer

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = Path(os.environ.get("ISOCENTER", TARGET / "release" / "isocenter"))

READY_SECONDS = 30
STOP_SECONDS = 60

Settings = dict[str, object]
T = TypeVar("T")


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def toml(settings: Settings) -> str:
    """The settings as a TOML file: plain values first, then tables, then arrays of tables."""

    def value(one: object) -> str:
        if isinstance(one, bool):
            return str(one).lower()
        if isinstance(one, int):
            return str(one)
        if isinstance(one, list):
            return "[" + ", ".join(map(value, one)) + "]"
        return '"' + str(one).replace("\\", "\\\\").replace('"', '\\"') + '"'

    def table(name: str, content: Settings) -> list[str]:
        plain = [f"{key} = {value(one)}" for key, one in content.items() if not isinstance(one, dict)]
        lines = [f"\n{name}", *plain]
        for key, one in content.items():
            if isinstance(one, dict):
                lines += table(f"[{name[1:-1]}.{key}]", one)
        return lines

    tables = {key: one for key, one in settings.items() if isinstance(one, list) and one and isinstance(one[0], dict)}
    lines = [f"{key} = {value(one)}" for key, one in settings.items() if not isinstance(one, dict) and key not in tables]
    for key, one in settings.items():
        if isinstance(one, dict):
            lines += table(f"[{key}]", one)
    for key, ones in tables.items():
        for one in ones:
            lines += table(f"[[{key}]]", one)
    return "\n".join(lines) + "\n"


def merged(base: Settings, more: Settings) -> Settings:
    """`base` with `more` laid over it, table by table."""
    result = dict(base)
    for key, value in more.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result


def wait_until(condition: Callable[[], T], what: str, seconds: float = 30) -> T:
    """Asks again and again until the answer is true; for what tells nobody that it has happened."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        pause.wait(0.01)
    return answer


class Isocenter:
    """A server with a directory of its own."""

    def __init__(self, directory: Path, settings: Settings | None = None) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.config = directory / "isocenter.toml"
        self.log_file = directory / "log.txt"
        self.store_port, self.query_port = free_ports(2)
        self.settings: Settings = {}
        self.configure(settings or {})
        self.process: subprocess.Popen[str] | None = None
        self.printed: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.announced_trouble: list[str] = []

    # Configuration.

    @property
    def store_title(self) -> str:
        return self.settings["storage-scp"]["ae-title"]

    @property
    def query_title(self) -> str:
        return self.settings["query-retrieve-scp"]["ae-title"]

    def configure(self, settings: Settings) -> None:
        """Writes the configuration: loopback ports of its own, and what the test sets."""
        base = {
            "storage-scp": {"ae-title": "ISO_STORE_SCP", "listen": f"127.0.0.1:{self.store_port}"},
            "query-retrieve-scp": {"ae-title": "ISO_QUERY_SCP", "listen": f"127.0.0.1:{self.query_port}"},
            "storage-scu": {"ae-title": "ISO_STORE_SCU"},
        }
        self.settings = merged(base, settings)
        self.directory.mkdir(parents=True, exist_ok=True)
        # At once: a server that is reading the settings on a SIGHUP finds the former ones or these.
        written = self.config.with_suffix(".new")
        written.write_text(toml(self.settings))
        written.replace(self.config)

    # The process.

    def start(self, wrapper: Sequence[str] = (), arguments: Sequence[str] = (), environment: dict[str, str] | None = None) -> Isocenter:
        """Starts the server and waits for its line `ready`."""
        command = [*wrapper, str(BINARY), "serve", "--config", str(self.config), "--data", str(self.data), *arguments]
        self.printed, self._lines = [], queue.Queue()
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, **(environment or {})},
                text=True,
                start_new_session=True,
            )
        threading.Thread(target=self._read_lines, args=(self.process.stdout, self._lines), daemon=True).start()
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                raise AssertionError(f"no line `ready` within {READY_SECONDS} s: {self.printed}\n{self.log()}") from None
            if line is None:
                raise AssertionError(f"the server ended before it was ready: {self.printed}\n{self.log()}")
            if line == "ready":
                return self

    def _read_lines(self, stdout: object, lines: queue.Queue[str | None]) -> None:
        for line in stdout:
            self.printed.append(line.rstrip("\n"))
            lines.put(line.rstrip("\n"))
        lines.put(None)

    def signal(self, number: int) -> None:
        """Sends a signal to the supervisor."""
        os.kill(self.pid, number)

    @property
    def pid(self) -> int:
        """The supervisor's process id; under a wrapper (strace) the wrapper's child."""
        assert self.process
        with open(f"/proc/{self.process.pid}/comm") as comm:
            if comm.read().strip() == "strace":
                return children_of(self.process.pid)[0]
        return self.process.pid

    def processes(self) -> list[int]:
        """The server's living processes, the supervisor first."""
        found = [self.pid]
        for pid in found:
            found += children_of(pid)
        return found

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """SIGTERM, and the exit status of the supervisor; nothing of it may be left over."""
        assert self.process
        if self.is_running():
            processes = self.processes()
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"still running {STOP_SECONDS} s after SIGTERM\n{self.log()}") from None
            wait_until(lambda: not any(map(is_alive, processes)), "the end of all processes after SIGTERM")
        status = self.process.returncode
        self.process = None
        return status

    def kill(self) -> None:
        """`kill -9` of the whole process group, as in a crash of the machine."""
        if not self.process:
            return
        # Whatever left the group is ours all the same.
        processes = self.processes() if self.is_running() else []
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        for pid in processes:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        wait_until(lambda: not any(map(is_alive, processes)), "the end of all processes after SIGKILL")
        self.process = None

    def restart(self) -> Isocenter:
        """Stops and starts again."""
        self.stop()
        return self.start()

    # What it says.

    def log(self) -> str:
        """All that it has logged."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_for_log(self, pattern: str, since: int = 0) -> str:
        """Waits for a log line that matches; `since` is a length of the log taken before."""

        def found() -> str | None:
            for line in self.log()[since:].splitlines():
                if re.search(pattern, line):
                    return line
            return None

        try:
            return wait_until(found, f"a log line matching {pattern!r}")
        except AssertionError as missing:
            raise AssertionError(f"{missing}; the log since:\n{self.log()[since:]}") from None

    def check_log(self) -> None:
        """No panic, ever."""
        panics = [line for line in self.log().splitlines() if "panicked at" in line or "stack overflow" in line]
        assert not panics, panics

    # What it holds.

    def vault_files(self) -> list[Path]:
        """All files of the vault."""
        return sorted(path for path in (self.data / "vault").rglob("*") if path.is_file())

    # Peers.

    @property
    def store_address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.store_port)

    @property
    def query_address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.query_port)

    def storage_peer(self, proposed: Sequence[Proposed], calling: str = "RAW_SCU", **options: object) -> RawPeer:
        """An association with STORAGE-SCP."""
        return RawPeer(self.store_address).associate(self.store_title, calling, proposed, **options)

    def query_peer(self, proposed: Sequence[Proposed], calling: str = "RAW_SCU", **options: object) -> RawPeer:
        """An association with QUERY-RETRIEVE-SCP."""
        return RawPeer(self.query_address).associate(self.query_title, calling, proposed, **options)

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Runs another command of `isocenter` with the same configuration and data."""
        return run_command(*arguments, "--config", str(self.config), "--data", str(self.data), timeout=timeout, cwd=self.directory)


def run_command(*arguments: str, timeout: float = 120, cwd: Path | None = None, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs `isocenter` to its end."""
    return subprocess.run(
        [str(BINARY), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        check=False,
    )


# --- Processes -----------------------------------------------------------------------------------------------------


def children_of(pid: int) -> list[int]:
    """The living children of a process, of all of its threads."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return [child for child in found if is_alive(child)]


def is_alive(pid: int) -> bool:
    """Whether a process lives (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def titles(server: Isocenter) -> dict[int, str]:
    """What `ps` shows of the server's processes below the supervisor."""
    pids = server.processes()[1:]
    if not pids:
        return {}
    listed = subprocess.run(["ps", "-o", "pid=,args=", "-p", ",".join(map(str, pids))], capture_output=True, text=True, check=False)
    rows = (line.split(None, 1) for line in listed.stdout.splitlines())
    return {int(row[0]): row[1] if len(row) > 1 else "" for row in rows}


def private_bytes(pid: int) -> int:
    """The memory that is a process's alone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(("Private_Clean:", "Private_Dirty:")))
