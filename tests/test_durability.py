"""0000H is a promise: synced before it is said, found after a crash, byte for byte."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_held, find, storage_contexts, store, store_well
from raw_peer import PeerClosed
from server import Isocenter, titles, wait_until

SYNCS = "fsync,fdatasync,sync_file_range,syncfs,sync,msync"
WRITES = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice"
NAMES = "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,mkdir,mkdirat"


@dataclass
class Call:
    """A system call that has come back."""

    name: str
    arguments: str
    result: str
    error: str = ""


def finished_calls(trace: str) -> list[Call]:
    """The calls of a trace of `strace -f`, in the order in which they came back."""
    calls, begun = [], {}
    for line in trace.splitlines():
        match = re.match(r"(?:\[pid\s+)?(\d+)\]?\s+(.*)", line)
        if not match:
            continue
        pid, rest = match.groups()
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest.removesuffix("<unfinished ...>").rstrip()
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
            rest = begun.pop(pid, "") + resumed.group(1)
        if call := re.match(r"(\w+)\((.*)\)\s+= (\S+)(?: (E[A-Z0-9]+))?", rest):
            calls.append(Call(*call.groups("")))
    return calls


def strace_works() -> bool:
    import subprocess

    return bool(shutil.which("strace")) and subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_sil_081_the_disk_is_waited_for_before_success_is_said(make_server: Callable[..., Isocenter], isolation: str) -> None:
    if not strace_works():
        pytest.skip("strace cannot trace here (not installed, or ptrace is not permitted)")
    server = make_server({"isolation": isolation}, start=False)
    trace = server.directory / "trace.txt"
    server.start(wrapper=["strace", "-f", "-y", "-s", "32", "-e", f"trace={SYNCS},{WRITES},{NAMES}", "-o", str(trace)])
    instance = dd.generate()
    peer = server.storage_peer(storage_contexts([instance]))
    assert peer.store(instance) == 0x0000
    peer.release()
    server.stop()

    calls = finished_calls(trace.read_text(errors="replace"))
    # The one P-DATA-TF that the server sends on this association is the C-STORE-RSP.
    responses = [at for at, call in enumerate(calls) if call.name in WRITES.split(",") and re.match(r"\d+<(socket|TCP)", call.arguments) and re.search(r'"\\0{0,2}4\\0', call.arguments)]
    assert len(responses) == 1, [calls[at] for at in responses]
    before = calls[: responses[0]]

    vault = str((server.data / "vault").resolve())
    synced = [re.match(r"\d+<(.*?)>", call.arguments).group(1) for call in before if call.name in ("fsync", "fdatasync") and call.result == "0"]
    named = [call for call in before if call.name.startswith(("rename", "link")) and f"{instance.sop_instance}.dcm" in call.arguments and call.result == "0"]
    assert named, "no rename or link gave the file its name before the response"
    data = str(server.data.resolve())
    files = [path for path in synced if path.startswith(data) and not Path(path.removesuffix(" (deleted)")).is_dir() and not re.search(r"catalog|sqlite|\.db", path)]
    assert files, f"the file was not synced before the response: {synced}"
    # Every directory that got a new entry: the series' own, and those above it up to the vault.
    (path,) = server.vault_files()
    directory = path.parent.resolve()
    at = {name: index for index, name in reversed(list(enumerate(synced)))}
    assert str(directory) in at, f"{directory} was not synced before the response: {synced}"
    while str(directory) != vault:
        directory = directory.parent
        assert str(directory) in at, f"{directory} got a new entry and was not synced: {synced}"
    # The name came before the sync of the directory that holds it.
    last_directory_sync = max(index for index, call in enumerate(before) if call.name in ("fsync", "fdatasync") and f"<{path.parent.resolve()}>" in call.arguments)
    assert before.index(named[-1]) < last_directory_sync


def test_sync_none_does_without(make_server: Callable[..., Isocenter]) -> None:
    if not strace_works():
        pytest.skip("strace cannot trace here (not installed, or ptrace is not permitted)")
    server = make_server({"storage-scp": {"sync": "none"}}, start=False)
    trace = server.directory / "trace.txt"
    server.start(wrapper=["strace", "-f", "-y", "-e", f"trace={SYNCS}", "-o", str(trace)])
    instances = [dd.generate(number=number) for number in range(1, 6)]
    store_well(server, instances)
    synced = [call for call in finished_calls(trace.read_text(errors="replace")) if ".dcm" in call.arguments or "incoming" in call.arguments]
    assert synced == []
    assert_held(server, instances)


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_design_1_3_nothing_acknowledged_is_lost_in_a_crash(make_server: Callable[..., Isocenter], isolation: str) -> None:
    """`kill -9` of everything while four senders store; a few rounds of it."""
    server = make_server({"isolation": isolation}, start=False)
    chance = random.Random(20260102)
    acknowledged: list[Instance] = []
    attempted: set[str] = set()
    for round_ in range(1, 5):
        server.start()
        enough = threading.Event()
        lock = threading.Lock()
        stop_after = len(acknowledged) + chance.randrange(1, 80)

        def send(sender: int) -> None:
            number = 0
            try:
                peer = server.storage_peer(storage_contexts([dd.generate()]), f"SENDER_{sender}")
                while True:
                    number += 1
                    instance = dd.generate(patient=round_, study=sender, series=1 + number % 3, number=number, pixel_bytes=chance.choice([64, 3000, 60_000]))
                    with lock:
                        attempted.add(instance.sop_instance)
                    assert peer.store(instance) == 0x0000
                    with lock:
                        acknowledged.append(instance)
                        if len(acknowledged) >= stop_after:
                            enough.set()
            except (PeerClosed, ConnectionError):
                pass

        threads = [threading.Thread(target=send, args=(sender,)) for sender in range(1, 5)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        server.kill()
        for thread in threads:
            thread.join()

        server.start()
        assert_held(server, acknowledged)
        # What was not acknowledged leaves no debris: soon after `ready`, each file is an instance that can be found.
        wait_until(lambda: all(path.suffix == ".dcm" for path in server.vault_files()), "a vault of nothing but .dcm files")
        wait_until(lambda: not [path for path in (server.data / "incoming").rglob("*") if path.is_file()], "an empty incoming directory")
        in_vault = {path.stem.split("_")[0] for path in server.vault_files()}
        assert in_vault <= attempted
        found = set()
        for study in find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID=""):
            for series in find(server, "SERIES", dd.STUDY_FIND, StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID=""):
                keys = {"StudyInstanceUID": study.StudyInstanceUID, "SeriesInstanceUID": series.SeriesInstanceUID, "SOPInstanceUID": ""}
                found |= {str(one.SOPInstanceUID) for one in find(server, "IMAGE", dd.STUDY_FIND, **keys)}
        assert found == in_vault
        server.kill()


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_who_records_for_all_may_die_at_any_moment(make_server: Callable[..., Isocenter], isolation: str) -> None:
    """The housekeeper is killed time and again while two associations store: each goes on, and all is found."""
    server = make_server({"isolation": isolation})
    kept: list[Instance] = []
    with server.storage_peer(storage_contexts([dd.generate()]), "ONE") as one, server.storage_peer(storage_contexts([dd.generate()]), "OTHER") as other:
        for round_ in range(1, 5):
            for sender, peer in enumerate((one, other), 1):
                instance = dd.generate(patient=round_, study=sender, number=round_)
                assert peer.store(instance) == 0x0000
                kept.append(instance)
            before = len(server.log())
            (housekeeper,) = [pid for pid, title in titles(server).items() if "housekeeper" in title]
            os.kill(housekeeper, signal.SIGKILL)
            instance = dd.generate(patient=round_, study=3, number=round_)
            assert one.store(instance) == 0x0000
            kept.append(instance)
            wait_until(lambda: [pid for pid, title in titles(server).items() if "housekeeper" in title and pid != housekeeper], "another housekeeper")
            assert "housekeeper" in server.log()[before:]
            kept += store_well(server, [dd.generate(patient=round_, study=4, number=round_)])
    assert_held(server, kept)


def test_what_is_held_survives_a_restart(server: Isocenter) -> None:
    instances = store_well(server, dd.tree())
    server.restart()
    assert_held(server, instances)


def test_a_lost_catalog_is_rebuilt_from_the_vault(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    first = dd.generate(patient=30, StudyDescription="first")
    second = dd.generate(patient=30, StudyDescription="second")
    instances = [*dd.tree(), *(dd.rich(syntax, patient=31, number=number) for number, syntax in enumerate((dd.IMPLICIT, dd.BIG_ENDIAN, dd.DEFLATED, dd.RLE), 1))]
    store_well(server, [*instances, first])
    store_well(server, [second])
    server.stop()
    for path in server.data.rglob("*"):
        if path.is_file() and "vault" not in path.relative_to(server.data).parts:
            path.unlink()
    reindexed = server.run("reindex")
    assert reindexed.returncode == 0, reindexed.stderr
    assert str(len(instances) + 2) in reindexed.stdout + reindexed.stderr or str(len(instances) + 1) in reindexed.stdout + reindexed.stderr
    server.start()
    # The newer of two under one UID is the current one still.
    assert_held(server, [*instances, second])


def test_reindex_says_what_it_could_not_read(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instances = store_well(server, [dd.generate(number=number) for number in (1, 2, 3)])
    server.stop()
    damaged = next(path for path in server.vault_files() if instances[1].sop_instance in path.name)
    damaged.write_bytes(damaged.read_bytes()[:200])
    reindexed = server.run("reindex")
    assert damaged.name in reindexed.stdout + reindexed.stderr
    server.start()
    assert_held(server, [instances[0], instances[2]])


def test_a_second_server_on_the_same_data_is_refused(server: Isocenter, make_server: Callable[..., Isocenter]) -> None:
    other = make_server(start=False)
    other.data = server.data
    with pytest.raises(AssertionError, match="ended before it was ready"):
        other.start()
    assert store(server, [dd.generate()]) == [0x0000]
