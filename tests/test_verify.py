"""`isocenter verify`: what it finds, what it says to do, and what it leaves alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_held, storage_contexts, store_well
from server import Isocenter


def file_of(server: Isocenter, instance: Instance) -> Path:
    (path,) = (path for path in server.vault_files() if path.stem == instance.sop_instance)
    return path


def flip(path: Path, from_end: int = 1) -> None:
    """Changes a byte and nothing else, neither length nor time, as a disk does that forgets."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(-from_end, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-from_end, os.SEEK_END)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def lines_about(path: Path, printed: str) -> list[str]:
    return [line for line in printed.splitlines() if str(path) in line]


@pytest.fixture
def archive(make_server: Callable[..., Isocenter]) -> tuple[Isocenter, list[Instance]]:
    server = make_server()
    return server, store_well(server, [dd.generate(number=number, pixel_bytes=2_000) for number in range(1, 7)])


def test_what_is_as_it_was_kept_verifies_beside_the_server_and_without_it(archive: tuple[Isocenter, list[Instance]]) -> None:
    server, instances = archive
    for _ in ("beside it", "without it"):
        verified = server.run("verify")
        assert (verified.returncode, verified.stderr) == (0, "")
        assert verified.stdout.startswith("6 instances, "), verified.stdout
        assert verified.stdout.endswith("all as they were kept\n"), verified.stdout
        if server.is_running():
            server.stop()
    server.start()
    assert_held(server, instances)


@pytest.mark.parametrize("running", [True, False], ids=["beside the server", "without it"])
def test_each_fault_is_told_with_its_path_and_what_to_do(archive: tuple[Isocenter, list[Instance]], running: bool) -> None:
    server, instances = archive
    if not running:
        server.stop()
    flipped, missing, cut, *_ = (file_of(server, one) for one in instances)
    flip(flipped)
    missing.unlink()
    cut.write_bytes(cut.read_bytes()[:-7])
    # Our own files say when they were received; this one does not, so the time of its last change counts.
    unrecorded = dd.generate(number=99).write(flipped.with_name(f"{dd.generate(number=99).sop_instance}.dcm"))
    os.utime(unrecorded, (1_700_000_000, 1_700_000_000))
    stranger = flipped.with_name("notes.txt")
    stranger.write_text("?")

    verified = server.run("verify")
    assert verified.returncode == 1, verified.stdout
    for path, words, remedy in [
        (flipped, "checksum", "sent again"),
        (missing, "missing", "backup"),
        (cut, "bytes", "sent again"),
        (unrecorded, "not in the catalog", "reindex"),
        (stranger, "none of our files", "move it"),
    ]:
        (line,) = lines_about(path, verified.stdout)
        assert words in line and remedy in line, line
    assert "5 of all" in verified.stderr, verified.stderr

    quick = server.run("verify", "--quick")
    assert quick.returncode == 1
    assert not lines_about(flipped, quick.stdout)
    assert lines_about(missing, quick.stdout) and lines_about(cut, quick.stdout)


def test_what_is_sent_again_takes_the_place_of_what_was_damaged_or_lost(archive: tuple[Isocenter, list[Instance]]) -> None:
    server, instances = archive
    flip(file_of(server, instances[0]))
    file_of(server, instances[1]).unlink()
    assert server.run("verify").returncode == 1
    store_well(server, instances[:2])
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout
    assert_held(server, instances)


def test_an_unrecorded_file_is_recorded_by_a_reindex(archive: tuple[Isocenter, list[Instance]]) -> None:
    server, instances = archive
    server.stop()
    extra = dd.generate(number=99)
    path = extra.write(file_of(server, instances[0]).with_name(f"{extra.sop_instance}.dcm"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert server.run("verify").returncode == 1
    assert server.run("reindex").returncode == 0
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout
    server.start()
    assert_held(server, [*instances, extra])


def test_what_is_stored_while_it_verifies_is_no_fault(server: Isocenter) -> None:
    over = threading.Event()
    failed: list[str] = []

    def verify() -> None:
        while not over.is_set():
            verified = server.run("verify")
            if verified.returncode != 0:
                failed.append(verified.stdout + verified.stderr)

    verifier = threading.Thread(target=verify)
    verifier.start()
    instances = [dd.generate(patient=1 + number % 3, number=number) for number in range(1, 121)]
    with server.storage_peer(storage_contexts(instances)) as peer:
        assert {peer.store(one) for one in instances} == {0x0000}
    over.set()
    verifier.join()
    assert failed == []


def test_both_versions_of_an_instance_are_verified(server: Isocenter) -> None:
    store_well(server, [dd.generate(StudyDescription="first")])
    store_well(server, [dd.generate(StudyDescription="second")])
    verified = server.run("verify")
    assert verified.returncode == 0
    assert "2 instances" in verified.stdout and "1 of them are older versions" in verified.stdout
    older = min(server.vault_files(), key=lambda path: len(path.name))
    flip(older)
    verified = server.run("verify")
    assert verified.returncode == 1
    assert lines_about(older, verified.stdout)


def test_verify_without_data_says_so(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(start=False)
    verified = server.run("verify")
    assert verified.returncode == 1
    assert "there are no data" in verified.stderr
    assert not server.data.exists()
