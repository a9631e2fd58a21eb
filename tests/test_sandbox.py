"""What an association's process may do to this machine, and what becomes of the others when one of them dies."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import dicom_data as dd
from exchanges import assert_held, storage_contexts, store_well
from raw_peer import P_DATA, VERIFICATION, PeerClosed, RawDestination, RawPeer, contexts, pdu, pdvs
from server import Isocenter, is_alive, run_command, titles, wait_until

ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))


def lacks(pid: int) -> bool:
    """Whether this kernel has no filters to offer, or does not count them (before Linux 5.9)."""
    return "Seccomp_filters" not in status(pid)


def status(pid: int) -> dict[str, str]:
    """What the kernel says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def limits(pid: int) -> dict[str, str]:
    """The bounds of a process that may not be exceeded."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[47:68].strip() for line in lines}


def process_of(server: Isocenter, name: str) -> int:
    """The process whose title holds this."""
    return wait_until(lambda: next((pid for pid, title in titles(server).items() if name in title), None), f"a process of {name}")


# --- What it may do ------------------------------------------------------------------------------------------------


def test_a_living_association_is_enclosed(server: Isocenter) -> None:
    with server.storage_peer(ECHO, "ENCLOSED") as peer:
        assert peer.echo() == 0x0000
        pid = process_of(server, "ENCLOSED")
        if lacks(pid):
            pytest.skip("this kernel has no seccomp")
        has = status(pid)
        assert (has["NoNewPrivs"], has["Seccomp"], has["Seccomp_filters"]) == ("1", "2", "2")
        bounds = limits(pid)
        assert bounds["Max core file size"] == "0"
        assert bounds["Max open files"] == "256"
        assert int(bounds["Max address space"]) == 8 << 30


@pytest.mark.parametrize(("name", "filters"), [("nursery", "2"), ("housekeeper", "1"), ("notifier", "1"), ("connector", "1")])
def test_the_processes_beside_associations_are_enclosed_too(server: Isocenter, name: str, filters: str) -> None:
    pid = process_of(server, name)
    if lacks(pid):
        pytest.skip("this kernel has no seccomp")
    wait_until(lambda: status(pid)["Seccomp"] == "2" and status(pid)["Seccomp_filters"] == filters, f"a sandbox of the {name}")
    assert status(pid)["NoNewPrivs"] == "1"
    assert limits(pid)["Max core file size"] == "0"


def test_an_association_has_no_descriptors_but_its_own(server: Isocenter) -> None:
    instance = dd.generate()
    with contextlib.ExitStack() as stack:
        for number in range(3):
            stack.enter_context(server.storage_peer(ECHO, f"OTHER_{number}"))
        peer = stack.enter_context(server.storage_peer(storage_contexts([instance]), "OWN"))
        assert peer.store(instance) == 0x0000
        directory = Path(f"/proc/{process_of(server, 'OWN ->')}/fd")
        try:
            held = {int(entry.name): os.readlink(entry) for entry in directory.iterdir()}
        except PermissionError:
            pytest.skip("only root may look into a process that nobody may read")
    beyond = [target for number, target in held.items() if number > 2]
    foreign = [target for target in beyond if not target.startswith(("socket:", "pipe:", str(server.data)))]
    assert held[0] == "/dev/null" and foreign == [], held
    # The line to the supervisor; the connection and the waiting for it, the recorder.
    assert sum(target.startswith("pipe:") for target in beyond) == 2, held
    assert sum(target.startswith("socket:") for target in beyond) <= 3, held


def test_without_a_sandbox_the_rights_are_those_of_the_user(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"sandbox": "off"})
    assert not any("connector" in title for title in titles(server).values())
    with server.storage_peer(ECHO, "FREE") as peer:
        assert peer.echo() == 0x0000
        assert status(process_of(server, "FREE"))["Seccomp"] == "0"
        assert limits(process_of(server, "FREE"))["Max core file size"] == "0"


def test_a_required_sandbox_that_threads_cannot_have_is_refused(tmp_path: Path) -> None:
    ran = run_command("serve", "--data", str(tmp_path / "data"), "--set", "sandbox=required", "--set", "isolation=thread")
    assert ran.returncode != 0
    assert "sandbox" in ran.stderr and "thread" in ran.stderr


def test_a_required_sandbox_is_had_here(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"sandbox": "required"})
    with server.storage_peer(ECHO) as peer:
        assert peer.echo() == 0x0000


def test_files_on_a_disk_of_their_own_are_within_reach(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    server = make_server({}, start=False)
    elsewhere = tmp_path / "another-disk"
    elsewhere.mkdir()
    server.data.mkdir(parents=True)
    (server.data / "vault").symlink_to(elsewhere)
    server.start()
    store_well(server, [dd.generate()])
    assert list(elsewhere.rglob("*.dcm"))


def test_a_destination_is_reached_by_its_name(make_server: Callable[..., Isocenter]) -> None:
    with RawDestination() as viewer:
        server = make_server({"peer": [{"ae-title": "VIEWER", "host": "localhost", "port": viewer.port}]})
        instance = dd.generate()
        store_well(server, [instance])
        with server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT]))) as peer:
            last = peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instance.patient_id), "VIEWER")[-1]
        assert last.command.status == 0x0000
        assert set(viewer.data_sets()) == {instance.sop_instance}


# --- Who dies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (signal.SIGSEGV, "it crashed"),
        (signal.SIGSYS, "it made a system call that nothing of ours makes"),
        (signal.SIGABRT, "it gave up"),
        (signal.SIGKILL, "killed it"),
    ],
)
def test_a_crash_is_told_with_peer_and_cause_and_harms_nobody_else(server: Isocenter, number: int, cause: str) -> None:
    instance = dd.generate(pixel_bytes=300_000)
    with contextlib.ExitStack() as stack:
        victim = stack.enter_context(server.storage_peer(ECHO, "VICTIM"))
        bystander = stack.enter_context(server.storage_peer(storage_contexts([instance]), "BYSTANDER"))
        bystander.send_message(1, bystander.store_command(instance.sop_class, instance.sop_instance))
        fragments = b"".join(pdu(P_DATA, pdv) for pdv in pdvs(1, b"", instance.encoded, 16000)[1:])
        bystander.send(fragments[:100_000])
        since = len(server.log())
        pid = process_of(server, "VICTIM")
        # The first SIGSEGV goes to whoever looks whether a stack has overflowed; in a real crash the instruction behind it
        # makes the second.
        wait_until(lambda: not is_alive(pid) or os.kill(pid, number), "the end of the victim")
        with pytest.raises(PeerClosed):
            victim.read_pdu()
        line = server.wait_for_log(rf"process ended: killed by signal {number:d}", since)
        assert all(word in line for word in ("VICTIM", "127.0.0.1", server.store_title, str(pid), cause)), line
        bystander.send(fragments[100_000:])
        assert bystander.read_message().command.status == 0x0000
    assert_held(server, [instance])


def test_memory_that_runs_out_ends_one_association(server: Isocenter) -> None:
    # So long that it is read in pieces of a megabyte, which a heap that has been used for nothing else does not have.
    instance = dd.generate(pixel_bytes=32_000_000)
    with contextlib.ExitStack() as stack:
        victim = stack.enter_context(server.storage_peer(storage_contexts([instance]), "GREEDY"))
        bystander = stack.enter_context(server.storage_peer(ECHO, "BYSTANDER"))
        pid = process_of(server, "GREEDY")
        # What it has is all that it gets from now on: as if a stream had made it take all that it may.
        try:
            used = int(status(pid)["VmSize"].split()[0]) << 10
            resource.prlimit(pid, resource.RLIMIT_AS, (used, used))
        except PermissionError:
            pytest.skip("only root may bound another process")
        since = len(server.log())
        # It says that it cannot, or comes to its end.
        with contextlib.suppress(PeerClosed, ConnectionError):
            assert victim.store(instance) & 0xFF00 == 0xA700
        assert "GREEDY" in server.wait_for_log("GREEDY", since)
        assert bystander.echo() == 0x0000
        with server.storage_peer(storage_contexts([instance]), "NEXT") as peer:
            assert peer.store(instance) == 0x0000


# --- Who is held up ------------------------------------------------------------------------------------------------


def from_elsewhere(address: tuple[str, int]) -> RawPeer:
    """A connection from another address than that of the other tests."""
    return RawPeer(address, source="127.0.0.2")


def is_open(connection: socket.socket) -> bool:
    """Whether the other side has not closed it."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_thousands_of_silent_connections_lock_out_nobody(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"network": {"artim": "10min"}})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        with contextlib.ExitStack() as stack:
            silent = []
            for number in range(2_500):
                connection = socket.create_connection(server.store_address if number % 2 else server.query_address, timeout=30)
                silent.append(stack.enter_context(connection))
                if number % 500 == 499:
                    # Whoever comes in between is served, though none of the silent ones has reached its time.
                    with from_elsewhere(server.store_address).associate(server.store_title, "HONEST", ECHO) as peer:
                        assert peer.echo() == 0x0000
                        peer.release()
            # As many are kept as may be; the others had to go.
            assert len(server.processes()) < 256 + 32
            assert any(map(is_open, silent))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_sends_byte_by_byte_holds_up_nobody(server: Isocenter) -> None:
    instance = dd.generate(pixel_bytes=4_000)
    with contextlib.ExitStack() as stack:
        # At the connection, in the association request, in a PDU and between the PDUs of a message.
        slow: list[tuple[RawPeer, bytes]] = [(stack.enter_context(RawPeer(server.store_address)), b"")]
        requested = stack.enter_context(RawPeer(server.store_address))
        slow.append((requested, b"\1\0\0\0\x10\0" + b"\0" * 64))
        for _ in range(3):
            peer = stack.enter_context(server.storage_peer(storage_contexts([instance]), "SLOW"))
            slow.append((peer, pdu(P_DATA, pdvs(1, peer.store_command(instance.sop_class, instance.sop_instance), None, 16000)[0])))
        for position in range(40):
            for peer, trickle in slow:
                peer.send(trickle[position : position + 1])
            if position % 8 == 7:
                with server.storage_peer(ECHO, "HONEST") as honest:
                    assert honest.echo() == 0x0000
                    honest.release()
        # The slow ones were there all the while, and one that comes to its end is served.
        peer, trickle = slow[-1]
        peer.send(trickle[40:])
        peer.send(b"".join(pdu(P_DATA, pdv) for pdv in pdvs(1, b"", instance.encoded, 1000)[1:]))
        assert peer.read_message().command.status == 0x0000
