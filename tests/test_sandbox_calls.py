"""No association makes a system call that the sandbox's table lacks, whatever is asked of it.

Such a call is answered ENOSYS: the association goes another way, which nobody notices but for time, or an image that is
not converted. So each kind of work is done once under strace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dicom_data as dd
from certificates import Authority
from exchanges import find, get, get_peer, kinds, store_well, storage_contexts
from raw_peer import VERIFICATION, Accepted, PeerClosed, RawDestination, RawPeer, Rejected, contexts, user_identity
from server import Isocenter, Settings, free_ports
from test_corrections import corrected
from test_durability import finished_calls, strace_works
from test_export_conversion import image, takes
from test_storage_commitment import Listener, ask, asking_contexts, of, read_notification
from test_tls import Site, move, secure_destination, tls_peer
from test_user_identity import CLAIMS, hashed, identity, request, settings, token

# The C library asks for a thread by it first, and by clone then.
ANSWERED_ANOTHER_WAY = {"clone3"}


@pytest.fixture
def traced(make_server: Callable[..., Isocenter]) -> Iterator[Callable[..., Isocenter]]:
    """Makes a server under strace, and looks at the end for calls that were refused."""
    if not strace_works():
        pytest.skip("strace cannot trace here (not installed, or ptrace is not permitted)")
    made: list[tuple[Isocenter, Path]] = []

    def make(settings: Settings) -> Isocenter:
        server = make_server(settings, start=False)
        trace = server.directory / "trace.txt"
        made.append((server, trace))
        return server.start(wrapper=["strace", "-f", "-o", str(trace)])

    yield make
    for server, trace in made:
        server.stop()
        text = trace.read_text(errors="replace")
        refused = {call.name for call in finished_calls(text) if call.error == "ENOSYS"}
        assert refused <= ANSWERED_ANOTHER_WAY
        assert "--- SIGSYS" not in text


def test_storing_and_querying(traced: Callable[..., Isocenter]) -> None:
    server = traced({})
    instances = store_well(server, [dd.generate(number=number, pixel_bytes=100_000) for number in range(1, 4)])
    store_well(server, [dd.rich(syntax, 4 + at) for at, syntax in enumerate([dd.IMPLICIT, dd.BIG_ENDIAN, dd.DEFLATED])])
    store_well(server, instances)
    assert find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", PatientName="*")
    with server.query_peer(contexts((VERIFICATION, [dd.IMPLICIT]))) as peer:
        assert peer.echo() == 0x0000
        peer.abort()


def test_retrieving_converting_and_compressing(traced: Callable[..., Isocenter]) -> None:
    with RawDestination(accept=takes((dd.US, dd.JPEG_BASELINE), (dd.SC, dd.IMPLICIT))) as viewer:
        server = traced({"peer": [{"ae-title": "VIEWER", "host": "127.0.0.1", "port": viewer.port, "lossy-compression": "when-needed"}]})
        instances = [image(1, transfer_syntax=dd.RLE), image(2, sop_class=dd.SC, transfer_syntax=dd.DEFLATED), image(3)]
        store_well(server, instances)
        patient = {"PatientID": instances[0].patient_id}
        stored, _ = get(server, "PATIENT", storage=kinds(instances), **patient)
        assert len(stored) == 3
        stored, _ = get(server, "PATIENT", storage=[(dd.US, dd.IMPLICIT), (dd.SC, dd.IMPLICIT)], **patient)
        assert len(stored) == 3
        with server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT]))) as peer:
            last = peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", **patient), "VIEWER")[-1]
        assert (last.command.status, last.command.completed) == (0x0000, 3), server.log()


def test_a_requestor_that_goes_amid_a_retrieve(traced: Callable[..., Isocenter]) -> None:
    server = traced({})
    instances = store_well(server, [dd.generate(number=number, pixel_bytes=300_000) for number in range(1, 9)])
    with get_peer(server, dd.PATIENT_GET, kinds(instances)) as peer:
        peer.start_get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID=instances[0].patient_id))
        peer.read_message()
    server.wait_for_log("RAW_SCU.*(lost|closed|gone|reset)")


def test_committing(traced: Callable[..., Isocenter]) -> None:
    with Listener() as listener:
        server = traced({"storage-scp": {"notification-retry-wait": "1 s"}, "peer": [{"ae-title": "ASKER", "host": "127.0.0.1", "port": listener.port}]})
        instances = store_well(server, [dd.generate(number=number) for number in range(1, 3)])
        with server.storage_peer(asking_contexts(instances)) as peer:
            ask(peer, of(instances))
            assert len(read_notification(peer).committed) == 2
            peer.release()
        # And by way of the notifier, on an association of its own.
        with server.storage_peer(asking_contexts(), "ASKER") as peer:
            transaction = ask(peer, of(instances))
            peer.release()
        assert listener.next().transaction == transaction


def test_correcting(traced: Callable[..., Isocenter]) -> None:
    server = traced({})
    instances = store_well(server, [dd.generate(number=number, transfer_syntax=syntax) for number, syntax in enumerate([dd.EXPLICIT, dd.DEFLATED], 1)])
    corrected(server, "patient", instances[0].patient_id, "--set", "PatientName=Meyer^Jörg", "--because", "a slip")
    stored, _ = get(server, "PATIENT", storage=kinds(instances), PatientID=instances[0].patient_id)
    assert len(stored) == 2
    store_well(server, [dd.generate(number=3)])
    assert len(get(server, "PATIENT", storage=kinds(instances), PatientID=instances[0].patient_id)[0]) == 3


def test_who_the_user_is(traced: Callable[..., Isocenter], tmp_path: Path) -> None:
    server = traced(settings(hashed("open sesame"), "required", tmp_path))
    for items, is_welcome in [
        (user_identity("ann", "open sesame"), True),
        (user_identity("ann", "open says me"), False),
        (identity(5, token(CLAIMS)), True),
        (identity(5, token(CLAIMS, b"x" * 32)), False),
    ]:
        assert isinstance(request(server, items), Accepted if is_welcome else Rejected)


def test_tls_both_ways(traced: Callable[..., Isocenter], tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    own, modality = authority.issue("archive.example"), authority.issue("modality.example")
    site = Site(traced, authority, own, modality)
    with secure_destination(site, authority.issue("viewer.example")) as viewer:
        (port,) = free_ports(1)
        tls = {"certificate": str(own.certificate), "key": str(own.key), "ca": str(authority.certificate)}
        server = traced({"storage-scp": {"tls-listen": f"127.0.0.1:{port}"}, "tls": tls, "peer": [tls_peer("VIEWER", viewer.port)]})
        server.tls_port = port
        instances = [dd.generate(number=number, pixel_bytes=200_000) for number in range(1, 3)]
        with site.peer(server) as peer:
            peer.associate(server.store_title, "MODALITY", storage_contexts(instances))
            assert {peer.store(one) for one in instances} == {0x0000}
            peer.release()
        assert move(server, instances[0].study, "VIEWER") == 0x0000
        # A plain client, and one who breaks off in the handshake.
        with RawPeer(("127.0.0.1", port)) as plain:
            plain.send(b"\x16\x03\x01\x00\x05hello")
            with pytest.raises(PeerClosed):
                plain.read_pdu()
                plain.read_pdu()
