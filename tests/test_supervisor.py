"""Admission and processes: the limits, who is turned away and how, and one process for each association."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import assert_held, find, storage_contexts
from raw_peer import P_DATA, VERIFICATION, Accepted, PeerClosed, RawDestination, RawPeer, Rejected, contexts, pdu, pdvs
from server import Isocenter, free_ports, is_alive, private_bytes, titles, wait_until

ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))
LOCAL_LIMIT_EXCEEDED = Rejected(2, 3, 2)

isolations = pytest.mark.parametrize("isolation", ["process", "thread"])
both_scps = pytest.mark.parametrize("scp", ["storage-scp", "query-retrieve-scp"])


def address_of(server: Isocenter, scp: str) -> tuple[tuple[str, int], str]:
    if scp == "storage-scp":
        return server.store_address, server.store_title
    return server.query_address, server.query_title


def ask(server: Isocenter, scp: str, calling: str = "RAW_SCU", called: str | None = None, **options: object):
    """Asks for an association with one of the SCPs: the peer and the answer."""
    address, title = address_of(server, scp)
    peer = RawPeer(address)
    return peer, peer.request(called or title, calling, ECHO, **options)


def admitted(server: Isocenter, scp: str, calling: str = "RAW_SCU") -> RawPeer:
    peer, answer = ask(server, scp, calling)
    assert isinstance(answer, Accepted), answer
    return peer


# --- Limits --------------------------------------------------------------------------------------------------------


@isolations
@both_scps
def test_qr_016_scp_014_rejects_when_the_limit_is_reached(make_server: Callable[..., Isocenter], scp: str, isolation: str) -> None:
    server = make_server({"isolation": isolation})
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(admitted(server, scp)) for _ in range(10)]
        for _ in range(3):
            eleventh, answer = ask(server, scp, "ELEVENTH")
            assert answer == LOCAL_LIMIT_EXCEEDED
            eleventh.close()
        # The ten are none the worse for it.
        assert [peer.echo() for peer in peers] == [0] * 10


@isolations
@both_scps
def test_qr_007_scp_005_a_freed_place_is_usable_at_once(make_server: Callable[..., Isocenter], scp: str, isolation: str) -> None:
    server = make_server({"isolation": isolation, scp: {"associations": 2}})
    held = admitted(server, scp)
    for ending in ("release", "abort", "close") * 10:
        peer = admitted(server, scp)
        assert peer.echo() == 0x0000
        getattr(peer, ending)()
    held.release()


def test_each_scp_counts_its_own_associations(server: Isocenter) -> None:
    with contextlib.ExitStack() as stack:
        for scp in ("storage-scp", "query-retrieve-scp"):
            for _ in range(10):
                stack.enter_context(admitted(server, scp))
        for scp in ("storage-scp", "query-retrieve-scp"):
            peer, answer = ask(server, scp)
            assert answer == LOCAL_LIMIT_EXCEEDED
            peer.close()


@both_scps
def test_cfg_015_cfg_025_dif_001_the_limit_is_configurable(make_server: Callable[..., Isocenter], scp: str) -> None:
    server = make_server({scp: {"associations": 1}})
    with admitted(server, scp):
        peer, answer = ask(server, scp)
        assert answer == LOCAL_LIMIT_EXCEEDED
        peer.close()


@pytest.mark.requirement("CFG-037", "SIL-021")
@isolations
@both_scps
def test_qr_008_counted_per_calling_ae_one_hung_peer_locks_out_no_other(make_server: Callable[..., Isocenter], scp: str, isolation: str) -> None:
    server = make_server({"isolation": isolation, scp: {"associations": 2, "associations-counted": "per-calling-ae"}})
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(admitted(server, scp, "HUNG"))
        peer, answer = ask(server, scp, "HUNG")
        assert answer == LOCAL_LIMIT_EXCEEDED
        peer.close()
        for calling in ("OTHER", "OTHER", "THIRD"):
            assert stack.enter_context(admitted(server, scp, calling)).echo() == 0x0000
        # Spaces around a title do not count (SIL-019).
        peer, answer = ask(server, scp, " HUNG")
        assert answer == LOCAL_LIMIT_EXCEEDED
        peer.close()


@isolations
def test_connections_that_never_ask_lock_out_nobody_and_artim_closes_them(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation, "network": {"artim": "5s"}})
    with contextlib.ExitStack() as stack:
        silent = []
        for number in range(200):
            peer = stack.enter_context(RawPeer(server.store_address if number % 2 else server.query_address))
            if number % 3 == 0:
                peer.send(b"\1\0\0")  # half a header
            silent.append(peer)
        for scp in ("storage-scp", "query-retrieve-scp"):
            peer = admitted(server, scp, "HONEST")
            assert peer.echo() == 0x0000
            peer.release()
        # Each read ends with the close that ARTIM brings; the socket's own timeout would raise instead.
        for peer in silent:
            with pytest.raises(PeerClosed):
                peer.read_pdu()
    peer = admitted(server, "storage-scp", "AFTERWARDS")
    peer.release()


# --- Who is turned away (QR-018 to QR-020, SIL-016) ------------------------------------------------------------------


@pytest.mark.requirement("SEC-002", "CFG-035")
@both_scps
def test_qr_019_scp_017_sec_004_called_title_not_recognized(make_server: Callable[..., Isocenter], scp: str) -> None:
    server = make_server({scp: {"check-called-ae-title": True}})
    peer, answer = ask(server, scp, called="SOMEONE_ELSE")
    assert answer == Rejected(1, 1, 7)
    peer, answer = ask(server, scp)
    assert isinstance(answer, Accepted)
    peer.release()


@pytest.mark.requirement("SEC-002", "CFG-034")
@both_scps
def test_qr_020_scp_018_calling_title_not_recognized(make_server: Callable[..., Isocenter], scp: str) -> None:
    server = make_server({scp: {"allowed-calling-ae-titles": ["CT1", "CT2"]}})
    peer, answer = ask(server, scp, "STRANGER")
    assert answer == Rejected(1, 1, 3)
    # Titles are told apart by their case (PS3.5 6.2).
    peer, answer = ask(server, scp, "ct1")
    assert answer == Rejected(1, 1, 3)
    peer.close()
    for calling in ("CT1", "CT2", " CT2 "):
        peer, answer = ask(server, scp, calling)
        assert isinstance(answer, Accepted), calling
        peer.release()


@pytest.mark.requirement("SIL-095")
def test_sec_003_the_lists_of_the_scps_differ(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"allowed-calling-ae-titles": ["CT1"]}, "query-retrieve-scp": {"allowed-calling-ae-titles": ["WS1"]}})
    expected = {("storage-scp", "CT1"): True, ("storage-scp", "WS1"): False, ("query-retrieve-scp", "CT1"): False, ("query-retrieve-scp", "WS1"): True}
    for (scp, calling), welcome in expected.items():
        peer, answer = ask(server, scp, calling)
        assert isinstance(answer, Accepted) == welcome, (scp, calling, answer)
        peer.close()


@both_scps
def test_qr_012_scp_012_sil_016_barred_address(make_server: Callable[..., Isocenter], scp: str) -> None:
    server = make_server({scp: {"allowed-addresses": ["192.0.2.1", "198.51.100.0/24"]}})
    peer, answer = ask(server, scp)
    assert answer == Rejected(1, 1, 1)
    other = "query-retrieve-scp" if scp == "storage-scp" else "storage-scp"
    admitted(server, other).release()


@pytest.mark.requirement("CFG-036")
@both_scps
def test_sec_005_allowed_address(make_server: Callable[..., Isocenter], scp: str) -> None:
    server = make_server({scp: {"allowed-addresses": ["192.0.2.1", "127.0.0.0/8"]}})
    admitted(server, scp).release()


@both_scps
def test_sil_019_a_blank_calling_title_is_none(server: Isocenter, scp: str) -> None:
    peer, answer = ask(server, scp, "    ")
    assert answer == Rejected(1, 1, 3)
    peer.close()


def test_sil_018_what_never_helps_to_repeat_is_said_first(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"associations": 1, "check-called-ae-title": True, "allowed-calling-ae-titles": ["CT1"]}})
    with admitted(server, "storage-scp", "CT1"):
        for expected, options in [
            (Rejected(1, 2, 2), {"calling": "STRANGER", "called": "ELSE", "protocol_version": 2, "application_context": "1.2.3"}),
            (Rejected(1, 1, 2), {"calling": "STRANGER", "called": "ELSE", "application_context": "1.2.3"}),
            (Rejected(1, 1, 3), {"calling": "STRANGER", "called": "ELSE"}),
            (Rejected(1, 1, 7), {"calling": "CT1", "called": "ELSE"}),
            (LOCAL_LIMIT_EXCEEDED, {"calling": "CT1"}),
        ]:
            peer, answer = ask(server, "storage-scp", **options)
            assert answer == expected, options
            peer.close()


# --- Processes -----------------------------------------------------------------------------------------------------


def association_processes(server: Isocenter, *callings: str) -> dict[int, str]:
    """The processes that name one of these peers."""
    return {pid: title for pid, title in titles(server).items() if any(calling in title for calling in callings)}


@both_scps
def test_qr_006_scp_005_ps_shows_a_process_for_each_association(server: Isocenter, scp: str) -> None:
    callings = [f"PEER_{letter}" for letter in "ABCDE"]
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(admitted(server, scp, calling)) for calling in callings]
        assert [peer.echo() for peer in peers] == [0] * 5
        shown = association_processes(server, *callings)
        assert len(shown) == 5, titles(server)
        for calling in callings:
            assert sum(calling in title for title in shown.values()) == 1, shown
        assert all("127.0.0.1" in title for title in shown.values()), shown
        for peer in peers:
            peer.release()
    wait_until(lambda: not any(map(is_alive, shown)), "the end of the processes of released associations")


def test_sil_027_killing_one_association_ends_nothing_else(server: Isocenter) -> None:
    with contextlib.ExitStack() as stack:
        victim = stack.enter_context(admitted(server, "storage-scp", "VICTIM"))
        others = [stack.enter_context(admitted(server, scp, "BYSTANDER")) for scp in ("storage-scp", "query-retrieve-scp")]
        (pid,) = association_processes(server, "VICTIM")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(PeerClosed):
            victim.read_pdu()
        assert [peer.echo() for peer in others] == [0, 0]
        # Its place is free again, all ten of them.
        newcomers = []
        for _ in range(9):
            newcomers.append(stack.enter_context(admitted(server, "storage-scp", "NEWCOMER")))
        assert [peer.echo() for peer in newcomers] == [0] * 9
        assert server.is_running()


def test_killing_an_association_in_the_middle_of_a_store_leaves_no_debris(server: Isocenter) -> None:
    instance = dd.generate(pixel_bytes=1_000_000)
    with server.storage_peer(storage_contexts([instance]), "VICTIM") as peer:
        peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance))
        peer.send(b"".join(pdu(P_DATA, pdv) for pdv in pdvs(1, b"", instance.encoded, 16000)[1:40]))
        (pid,) = association_processes(server, "VICTIM")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(PeerClosed):
            peer.read_pdu()
    server.restart()
    wait_until(lambda: not [path for path in server.data.rglob("*") if path.is_file() and "incoming" in path.parts], "an empty incoming directory")
    assert server.vault_files() == []
    with server.storage_peer(storage_contexts([instance])) as peer:
        assert peer.store(instance) == 0x0000


def test_associations_that_are_over_leave_no_processes(server: Isocenter) -> None:
    for _ in range(30):
        admitted(server, "query-retrieve-scp", "LEFT").release()
    wait_until(lambda: association_processes(server, "LEFT") == {}, "no title that names a peer who left")
    # The supervisor, the nursery, the housekeeper, the notifier and the connector.
    wait_until(lambda: len(server.processes()) <= 5, "few processes")


def test_an_idle_association_costs_little(server: Isocenter) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(8):
            stack.enter_context(admitted(server, "storage-scp", f"IDLE_{number}")).echo()
        costs = {title: private_bytes(pid) for pid, title in association_processes(server, "IDLE_").items()}
        assert len(costs) == 8
        assert max(costs.values()) < 8 << 20, costs


def test_isolation_by_threads_keeps_one_process(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"isolation": "thread"})
    with contextlib.ExitStack() as stack:
        for number in range(5):
            assert stack.enter_context(admitted(server, "query-retrieve-scp", f"THREAD_{number}")).echo() == 0x0000
        assert association_processes(server, "THREAD_") == {}


# --- SIGTERM and SIGHUP --------------------------------------------------------------------------------------------


@isolations
def test_sigterm_finishes_what_runs_and_refuses_what_comes(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation})
    instance = dd.generate(pixel_bytes=500_000)
    peer = server.storage_peer(storage_contexts([instance]), "LAST_ONE")
    pieces = pdvs(1, peer.store_command(instance.sop_class, instance.sop_instance), instance.encoded, 16000)
    peer.send(b"".join(pdu(P_DATA, pdv) for pdv in pieces[:10]))

    server.signal(signal.SIGTERM)

    def refused() -> bool:
        try:
            with RawPeer(server.store_address, timeout=5) as late:
                return isinstance(late.request(server.store_title, "LATE", ECHO), Rejected)
        except (ConnectionError, PeerClosed, socket.timeout):
            return True

    wait_until(refused, "refusal of new associations while draining")
    peer.send(b"".join(pdu(P_DATA, pdv) for pdv in pieces[10:]))
    assert peer.read_message().command.status == 0x0000
    try:
        peer.release()
    except (PeerClosed, ConnectionError, AssertionError):
        peer.close()  # it may as well be aborted now that nothing runs any more
    assert server.process.wait(60) == 0
    server.process = None

    server.start()
    assert_held(server, [instance])


def test_sigterm_with_nothing_to_do_ends_at_once_and_well(server: Isocenter) -> None:
    assert server.stop() == 0


@isolations
def test_sigterm_does_not_wait_for_associations_that_do_nothing(make_server: Callable[..., Isocenter], isolation: str) -> None:
    # A peer that reads nothing does not see the abort; ARTIM ends the wait for its close.
    server = make_server({"isolation": isolation, "supervisor": {"drain-grace": "30 min"}, "network": {"artim": "1s"}})
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(admitted(server, scp, "IDLE")) for scp in ("storage-scp", "query-retrieve-scp") for _ in range(3)]
        assert [peer.echo() for peer in idle] == [0] * 6
        # Far sooner than the drain may take.
        assert server.stop() == 0


@isolations
def test_sighup_brings_a_new_peer_into_force(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation})
    instance = dd.generate()
    with server.storage_peer(storage_contexts([instance])) as peer:
        assert peer.store(instance) == 0x0000
    with RawDestination() as destination:

        def move() -> int:
            asker = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
            last = asker.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instance.patient_id), "NEW_PEER")[-1]
            asker.release()
            return last.command.status

        assert move() == 0xA801
        held = server.query_peer(ECHO, "HELD")
        server.configure({"isolation": isolation, "peer": [{"ae-title": "NEW_PEER", "host": "127.0.0.1", "port": destination.port}]})
        server.signal(signal.SIGHUP)
        wait_until(lambda: move() == 0x0000, "the new peer after SIGHUP")
        # Who was there stays.
        assert held.echo() == 0x0000
        held.release()
        assert set(destination.data_sets()) == {instance.sop_instance}


def test_sighup_brings_a_new_limit_into_force(server: Isocenter) -> None:
    with admitted(server, "storage-scp"), admitted(server, "storage-scp"):
        server.configure({"storage-scp": {"associations": 2}})
        server.signal(signal.SIGHUP)

        def rejected() -> bool:
            peer, answer = ask(server, "storage-scp")
            peer.close()
            return answer == LOCAL_LIMIT_EXCEEDED

        wait_until(rejected, "the lower limit")
        server.configure({"storage-scp": {"associations": 3}})
        server.signal(signal.SIGHUP)
        wait_until(lambda: not rejected(), "the higher limit")


def test_sighup_with_a_broken_file_keeps_what_holds(server: Isocenter) -> None:
    server.config.write_text("[storage-scp]\nasociations = 3\n")
    before = len(server.log())
    server.signal(signal.SIGHUP)
    server.wait_for_log("asociations", since=before)
    admitted(server, "storage-scp").release()


# --- Starting ------------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_said_in_words(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(start=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server.configure({"storage-scp": {"listen": f"127.0.0.1:{port}"}})
        with pytest.raises(AssertionError, match="ended before it was ready"):
            server.start()
        server.process.wait(10)
        assert server.process.returncode != 0
        assert str(port) in server.log() + "\n".join(server.printed)


def test_the_first_lines_say_where_it_listens_and_where_the_data_are(server: Isocenter) -> None:
    printed = "\n".join(server.printed)
    for words in (str(server.store_port), str(server.query_port), "ISO_STORE_SCP", "ISO_QUERY_SCP", str(server.data)):
        assert words in printed, printed
    assert server.printed[-1] == "ready"


def test_both_scps_may_share_a_title_and_a_port(make_server: Callable[..., Isocenter]) -> None:
    (port,) = free_ports(1)
    one = {"ae-title": "ARCHIVE", "listen": f"127.0.0.1:{port}"}
    server = make_server({"storage-scp": one, "query-retrieve-scp": one}, start=False)
    server.store_port = server.query_port = port
    server.start()
    instance = dd.generate()
    proposed = contexts((dd.CT, [dd.EXPLICIT]), (dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))
    with RawPeer(("127.0.0.1", port)).associate("ARCHIVE", "BOTH", proposed) as peer:
        assert peer.accepted.results == {1: 0, 3: 0, 5: 0}
        assert peer.store(instance) == 0x0000
        pending, last = peer.find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=""))
        assert (len(pending), last.status) == (1, 0x0000)
        assert peer.echo() == 0x0000
        peer.release()
    assert find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="")[0].StudyInstanceUID == instance.study
