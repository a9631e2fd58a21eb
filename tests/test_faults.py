"""Disk full, read-only, a catalog that is locked or damaged, files that are gone or flipped: what is answered, what is
said, and that it goes on by itself."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_held, assert_returned, find, find_statuses, get, kinds, store, store_well
from raw_peer import RawDestination, contexts
from server import Isocenter, wait_until
from test_verify import file_of, flip

OUT_OF_RESOURCES, SENT_IN_PART = 0xA700, 0xB000


def mount(*arguments: object) -> bool:
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    where = tmp_path / "disk"
    where.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", where):
        pytest.skip("a disk that may be filled has to be mounted, which is not permitted here")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


# --- The disk ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SCP-049", "SIL-082")
@pytest.mark.parametrize("reserved", ["3 MiB", "0"])
@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_full_disk_is_answered_a700_and_once_there_is_space_it_goes_on_by_itself(small_disk: Path, make_server: Callable[..., Isocenter], isolation: str, reserved: str) -> None:
    server = make_server({"isolation": isolation, "storage-scp": {"reserved-space": reserved}}, start=False)
    server.data = small_disk / "data"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(5 << 20))
    server.start()
    kept: list[Instance] = []
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]))) as peer:
        for number in range(1, 200):
            instance = dd.generate(number=number, pixel_bytes=300_000)
            status = peer.store(instance)
            if status != 0x0000:
                break
            kept.append(instance)
        assert status == OUT_OF_RESOURCES
        assert len(kept) > 3
        line = server.wait_for_log("A700")
        assert "our disk is" in line and "free some space" in line, line
        # Nothing of it is left, and what was acknowledged is there: while the disk is full.
        assert not [path for path in (server.data / "incoming").rglob("*") if path.is_file()]
        assert len(server.vault_files()) == len(kept)
        assert_held(server, kept)
        verified = server.run("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr

        ballast.unlink()
        assert peer.store(instance) == 0x0000, "on the same association, without anybody doing anything"
        kept.append(instance)
        peer.release()
    server.restart()
    assert_held(server, kept)
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_server_does_not_start_on_a_read_only_disk_and_says_why(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instances = store_well(server, [dd.generate()])
    server.stop()
    if not (mount("--bind", server.data, server.data) and mount("-o", "remount,bind,ro", server.data)):
        pytest.skip("a disk that cannot be written to has to be mounted, which is not permitted here")
    try:
        with pytest.raises(AssertionError, match="ended before it was ready"):
            server.start()
        assert "Read-only file system" in server.log(), server.log()
        server.process.wait()
        server.process = None
        # What is there can be verified all the same.
        verified = server.run("verify")
        assert "1 instances" in verified.stdout, verified.stdout + verified.stderr
        assert "cannot open the catalog" in verified.stdout
    finally:
        subprocess.run(["umount", "-l", str(server.data)], check=True)
    server.start()
    assert_held(server, instances)


# --- The catalog ---------------------------------------------------------------------------------------------------


def test_a_catalog_that_is_none_is_told_of_at_the_start_and_rebuilt_by_a_reindex(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instances = store_well(server, dd.tree())
    server.stop()
    (server.data / "catalog.sqlite").write_bytes(b"\xa5" * 100_000)
    with pytest.raises(AssertionError, match="ended before it was ready"):
        server.start()
    assert "the catalog is damaged" in server.log() and "isocenter reindex" in server.log(), server.log()
    assert server.process.wait() != 0
    server.process = None
    verified = server.run("verify")
    assert verified.returncode == 1 and "isocenter reindex" in verified.stdout, verified.stdout
    assert f"{len(instances)} instances" in verified.stdout
    assert server.run("reindex").returncode == 0
    server.start()
    assert_held(server, instances)


def test_a_catalog_that_is_damaged_inside_refuses_what_needs_it_says_so_and_is_rebuilt(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instances = store_well(server, [dd.generate(number=number) for number in (1, 2)])
    server.stop()
    catalog = server.data / "catalog.sqlite"
    with sqlite3.connect(catalog) as connection:
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        roots = [root for (root,) in connection.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('study', 'instance')")]
    connection.close()
    whole = bytearray(catalog.read_bytes())
    for root in roots:
        whole[(root - 1) * page_bytes : root * page_bytes] = b"\xa5" * page_bytes
    catalog.write_bytes(whole)
    server.start()
    assert store(server, [dd.generate(number=3)]) == [OUT_OF_RESOURCES]
    line = server.wait_for_log("A700")
    assert "the catalog is damaged" in line and "isocenter reindex" in line, line
    _, _, last = find_statuses(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID=instances[0].study, StudyDescription="", PatientBirthDate="")
    assert last.status != 0x0000
    # What was refused has left nothing.
    assert len(server.vault_files()) == 2
    verified = server.run("verify")
    assert verified.returncode == 1 and "isocenter reindex" in verified.stdout, verified.stdout
    server.stop()
    assert server.run("reindex").returncode == 0
    server.start()
    assert_held(server, instances)


@pytest.mark.parametrize("recorder", [True, False], ids=["recorder", "each for itself"])
def test_another_program_that_locks_the_catalog_is_waited_for(server: Isocenter, recorder: bool) -> None:
    first, second = (dd.generate(number=number) for number in (1, 2))
    if not recorder:
        socket = server.data / "catalog.recorder"
        wait_until(socket.exists, "the recorder's socket")
        socket.unlink()
    store_well(server, [first])
    other = sqlite3.connect(server.data / "catalog.sqlite", isolation_level=None)
    statuses: list[int] = []
    sender = threading.Thread(target=lambda: statuses.extend(store(server, [second])))
    try:
        other.execute("BEGIN IMMEDIATE")
        sender.start()
        # Its bytes are safe, its entry is what it waits for.
        wait_until(lambda: len(server.vault_files()) == 2, "the file of the second instance")
        # Whoever only reads is not held up.
        keys = {"StudyInstanceUID": first.study, "SeriesInstanceUID": first.series, "SOPInstanceUID": ""}
        assert len(find(server, "IMAGE", dd.STUDY_FIND, **keys)) == 1
        assert statuses == []
    finally:
        other.close()
    sender.join()
    assert statuses == [0x0000]
    assert_held(server, [first, second])


# --- Files of the vault --------------------------------------------------------------------------------------------


def with_destination(make_server: Callable[..., Isocenter], destination: RawDestination) -> Isocenter:
    peers = [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]
    return make_server({"peer": peers, "query-retrieve-scp": {"compare-checksums": True}})


def move(server: Isocenter, instance: Instance):
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
    last = peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instance.patient_id), "VIEWER1")[-1]
    peer.release()
    return last


@pytest.mark.requirement("SIL-071")
def test_instances_that_are_missing_or_flipped_fail_and_the_others_are_sent(make_server: Callable[..., Isocenter]) -> None:
    with RawDestination() as destination:
        server = with_destination(make_server, destination)
        instances = store_well(server, [dd.generate(number=number, pixel_bytes=100_000) for number in (1, 2, 3, 4)])
        fine, missing, flipped, cut = instances
        file_of(server, missing).unlink()
        flip(file_of(server, flipped), 5_000)
        path = file_of(server, cut)
        path.write_bytes(path.read_bytes()[:-1])

        last = move(server, fine)
        assert last.command.status == SENT_IN_PART
        assert (last.command.completed, last.command.failed) == (1, 3)
        failed = dd.decode(last.data_set).FailedSOPInstanceUIDList
        assert sorted(failed) == sorted(one.sop_instance for one in (missing, flipped, cut))
        assert_returned([fine], [message for message, _ in destination.received])
        for one, words in ((missing, "lacks"), (flipped, "checksum"), (cut, "bytes")):
            line = server.wait_for_log(rf"failed to send instance.*{one.sop_instance}\.dcm")
            assert words in line, line

        stored, responses = get(server, "PATIENT", storage=kinds(instances), PatientID=fine.patient_id)
        assert responses[-1].command.status == SENT_IN_PART
        assert_returned([fine], stored)


@pytest.mark.requirement("SIL-071")
def test_a_long_instance_that_is_flipped_never_arrives_and_the_others_do(make_server: Callable[..., Isocenter]) -> None:
    with RawDestination() as destination:
        server = with_destination(make_server, destination)
        instances = store_well(server, [dd.generate(number=number, pixel_bytes=3 << 20) for number in (1, 2, 3)])
        flip(file_of(server, instances[1]), 1_000)
        last = move(server, instances[0])
        assert last.command.status == SENT_IN_PART
        assert (last.command.completed, last.command.failed) == (2, 1)
        assert_returned([instances[0], instances[2]], [message for message, _ in destination.received])
        server.wait_for_log(rf"failed to send instance.*{instances[1].sop_instance}\.dcm.*checksum")
        # Sent again it is whole again.
        store_well(server, [instances[1]])
        assert_held(server, instances)


@pytest.mark.parametrize("number", [1, 2], ids=["the last one", "another one"])
def test_after_a_long_instance_that_is_flipped_no_association_is_opened_for_nothing(make_server: Callable[..., Isocenter], number: int) -> None:
    with RawDestination() as destination:
        server = with_destination(make_server, destination)
        instances = store_well(server, [dd.generate(number=one, pixel_bytes=3 << 20) for one in range(1, number + 1)])
        flip(file_of(server, instances[0]), 1_000)
        last = move(server, instances[0])
        assert (last.command.completed, last.command.failed) == (number - 1, 1)
        assert len(destination.requests) == number
