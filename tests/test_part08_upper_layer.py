"""PS3.8: associations, PDUs, and what becomes of those that are no PDUs."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import find, storage_contexts
from raw_peer import (
    ABORT,
    APPLICATION_CONTEXT,
    ASSOCIATE_RQ,
    C_ECHO_RQ,
    NO_DATA_SET,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    VERIFICATION,
    Accepted,
    Aborted,
    Proposed,
    RawPeer,
    Rejected,
    associate_rq,
    asynchronous_operations_window,
    command_set,
    common_extended_negotiation,
    contexts,
    extended_negotiation,
    item,
    pdu,
    pdvs,
    role_selection,
    user_identity,
)
from server import Isocenter

ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    return make_shared_server()


@pytest.fixture(scope="module", params=["storage", "query"])
def scp(request: pytest.FixtureRequest, server: Isocenter) -> tuple[tuple[str, int], str]:
    """Each of the two SCPs: its address and its title."""
    if request.param == "storage":
        return server.store_address, server.store_title
    return server.query_address, server.query_title


def echo_rq(message_id: int = 1) -> bytes:
    return command_set(affected_sop_class=VERIFICATION, command_field=C_ECHO_RQ, message_id=message_id, data_set_type=NO_DATA_SET)


def assert_alive(scp: tuple[tuple[str, int], str]) -> None:
    """Somebody else is served."""
    address, called = scp
    other = RawPeer(address).associate(called, "OTHER", ECHO)
    assert other.echo() == 0x0000
    other.release()


# --- Negotiation ---------------------------------------------------------------------------------------------------


def test_gen_008_qr_005_answer_repeats_titles_and_application_context(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", ECHO)
        assert isinstance(accepted, Accepted), accepted
        assert (accepted.called, accepted.calling) == (called, "SOMEBODY")
        assert accepted.application_context == APPLICATION_CONTEXT
        assert accepted.results == {1: 0}
        assert accepted.syntaxes[1] == dd.IMPLICIT
        assert accepted.other_items == []


def test_sil_014_each_context_gets_its_own_result(scp) -> None:
    address, called = scp
    proposed = contexts(
        (VERIFICATION, [dd.IMPLICIT]),
        ("1.2.840.10008.5.1.4.33", [dd.IMPLICIT]),  # Modality Worklist has no place here
        ("1.2.3.4.5.6.7.8", [dd.IMPLICIT]),
        (VERIFICATION, ["1.2.3.4.5"]),
    )
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", proposed)
        assert accepted.results == {1: 0, 3: 3, 5: 3, 7: 4}
        assert peer.echo() == 0x0000


def test_128_contexts_are_negotiated(scp) -> None:
    address, called = scp
    syntaxes = dd.transfer_syntaxes()
    proposed = [Proposed(id_, VERIFICATION, (dd.IMPLICIT, *syntaxes)) for id_ in range(1, 256, 2)]
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", proposed)
        assert sorted(accepted.results) == list(range(1, 256, 2))
        assert set(accepted.results.values()) == {0}
        peer.send_message(255, echo_rq())
        answer = peer.read_message()
        assert (answer.context, answer.command.status) == (255, 0)


def test_association_request_of_240_kilobytes_is_read(scp) -> None:
    address, called = scp
    syntaxes = tuple(f"1.2.826.0.1.3680043.8.498.2026.777.{number:025}" for number in range(28))
    proposed = [Proposed(1, VERIFICATION, (dd.IMPLICIT,))]
    proposed += [Proposed(id_, VERIFICATION, syntaxes) for id_ in range(3, 256, 2)]
    request = associate_rq(called, "SOMEBODY", proposed)
    assert 230_000 < len(request) < 256 * 1024
    with RawPeer(address) as peer:
        peer.send(request)
        accepted = peer.read_answer()
        assert accepted.results[1] == 0
        assert {accepted.results[id_] for id_ in range(3, 256, 2)} == {4}


def test_sil_011_asynchronous_window_is_answered_with_one(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", ECHO, user_items=asynchronous_operations_window(8, 8))
        assert accepted.window in (None, (1, 1))


@pytest.mark.requirement("SIL-004", "SIL-005", "SIL-012")
def test_gen_017_sil_003_extended_negotiation_is_not_answered(scp) -> None:
    address, called = scp
    proposed = contexts((VERIFICATION, [dd.IMPLICIT]), (dd.STUDY_FIND, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]))
    # All that C-FIND can be asked: relational queries, combined date and time, fuzzy names, …; and what Storage can.
    items = extended_negotiation(dd.STUDY_FIND, b"\1" * 7) + extended_negotiation(dd.CT, b"\2\0\0\0\0\0")
    items += common_extended_negotiation(dd.CT, "1.2.840.10008.4.2")
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", proposed, user_items=items)
        assert isinstance(accepted, Accepted)
        assert accepted.extended == {}
        assert accepted.other_items == []


def test_sil_010_roles_are_granted_only_where_they_were_proposed(server: Isocenter) -> None:
    proposed = contexts((dd.PATIENT_GET, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]), (dd.MR, [dd.EXPLICIT]))
    with RawPeer(server.query_address) as peer:
        accepted = peer.request(server.query_title, "SOMEBODY", proposed, user_items=role_selection(dd.CT, 0, 1))
        assert accepted.results[1] == 0
        assert accepted.results[3] == 0
        assert accepted.roles.get(dd.CT) == (0, 1)
        assert dd.MR not in accepted.roles


def test_sil_009_user_identity_is_not_answered_unless_asked(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", ECHO, user_items=user_identity("someone", "secret"))
        assert isinstance(accepted, Accepted)
        assert 0x59 not in accepted.other_items
        assert peer.echo() == 0x0000


def test_unknown_items_are_no_reason_to_refuse(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        accepted = peer.request(called, "SOMEBODY", ECHO, user_items=item(0x7E, b"from tomorrow") + item(0x57, b""))
        assert isinstance(accepted, Accepted), accepted
        assert peer.echo() == 0x0000
    request = associate_rq(called, "SOMEBODY", ECHO)
    unknown = item(0x60, b"an item of no known type")
    with RawPeer(address) as peer:
        peer.proposed = {one.id: one for one in ECHO}
        peer.send(pdu(ASSOCIATE_RQ, request[6:] + unknown))
        assert isinstance(peer.read_answer(), Accepted)
        assert peer.echo() == 0x0000


def test_gen_010_gen_011_qr_010_scp_010_implementation_identification(server: Isocenter) -> None:
    from server import run_command

    with RawPeer(server.store_address) as storage, RawPeer(server.query_address) as query:
        stores = storage.request(server.store_title, "SOMEBODY", ECHO)
        queries = query.request(server.query_title, "SOMEBODY", ECHO)
    assert stores.implementation_class and queries.implementation_class
    assert stores.implementation_class != queries.implementation_class
    one, other = stores.implementation_class.rpartition(".")[0], queries.implementation_class.rpartition(".")[0]
    assert one == other, "the class UIDs lie under one root"
    assert stores.implementation_version == queries.implementation_version
    name, version = run_command("--version").stdout.split()
    assert name == "isocenter"
    assert stores.implementation_version.endswith("".join(filter(str.isdigit, version)))
    assert len(stores.implementation_version) <= 16


@pytest.mark.parametrize("maximum", [None, 0, 4096, 16384, 1 << 20, (1 << 32) - 1])
def test_sil_020_no_pdu_is_longer_than_the_peer_takes(server: Isocenter, maximum: int | None) -> None:
    instance = dd.generate(patient=900, pixel_bytes=100_000)
    with server.storage_peer(storage_contexts([instance])) as peer:
        assert peer.store(instance) == 0x0000
    proposed = contexts((dd.PATIENT_GET, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]))
    with RawPeer(server.query_address) as peer:
        peer.associate(server.query_title, "SOMEBODY", proposed, maximum=maximum, user_items=role_selection(dd.CT, 0, 1))
        longest = 0
        original = peer.read_pdu

        def read_pdu():
            nonlocal longest
            got = original()
            longest = max(longest, len(got.body))
            return got

        peer.read_pdu = read_pdu
        identifier = dd.identifier("PATIENT", PatientID=instance.patient_id)
        stored, responses = peer.get(dd.PATIENT_GET, identifier)
        assert responses[-1].command.status == 0x0000
        assert stored[0].data_set == instance.encoded
        if maximum:
            assert longest <= maximum
        peer.release()


# --- Rejection -----------------------------------------------------------------------------------------------------


def test_qr_018_scp_016_application_context_not_supported(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        assert peer.request(called, "SOMEBODY", ECHO, application_context="1.2.840.10008.3.1.1.2") == Rejected(1, 1, 2)
    assert_alive(scp)


@pytest.mark.parametrize("version", [0, 2, 0x8000])
def test_sil_017_protocol_version_without_bit_0(scp, version: int) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        assert peer.request(called, "SOMEBODY", ECHO, protocol_version=version) == Rejected(1, 2, 2)


def test_protocol_version_is_read_by_its_bit_0_alone(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        assert isinstance(peer.request(called, "SOMEBODY", ECHO, protocol_version=3), Accepted)


UNPARSABLE = {
    "shorter than its fixed part": pdu(ASSOCIATE_RQ, bytes([0, 1, 0, 0]) + b"CALLED"),
    "item longer than the PDU": pdu(ASSOCIATE_RQ, associate_rq("X", "Y", [])[6:74] + b"\x10\0\x7f\xff1.2"),
    "sub-item longer than its item": pdu(
        ASSOCIATE_RQ,
        associate_rq("X", "Y", [])[6:74] + item(0x10, APPLICATION_CONTEXT.encode()) + item(0x20, b"\1\0\0\0\x30\0\xff\xff1.2"),
    ),
    "rubbish behind the fixed part": pdu(ASSOCIATE_RQ, associate_rq("X", "Y", [])[6:74] + bytes(range(1, 100))),
}


@pytest.mark.parametrize("request_bytes", UNPARSABLE.values(), ids=UNPARSABLE)
def test_qr_021_scp_019_unparsable_association_request(scp, request_bytes: bytes) -> None:
    with RawPeer(scp[0]) as peer:
        peer.send(request_bytes)
        assert peer.read_answer() == Rejected(1, 2, 1)
    assert_alive(scp)


def test_association_request_without_what_it_needs(scp) -> None:
    """Items that can be told apart but lack their content: rejected, or none of it accepted."""
    head, name = associate_rq(scp[1], "Y", [])[6:74], item(0x10, APPLICATION_CONTEXT.encode())
    for items in (b"", name + item(0x20, b"\1\0\0\0"), name + item(0x20, b"\1\0\0\0" + item(0x30, VERIFICATION.encode()))):
        with RawPeer(scp[0]) as peer:
            peer.send(pdu(ASSOCIATE_RQ, head + items))
            answer = peer.read_answer()
            assert isinstance(answer, Rejected) or 0 not in answer.results.values(), answer
    assert_alive(scp)


def test_association_request_longer_than_any_honest_one_is_not_read(scp) -> None:
    with RawPeer(scp[0]) as peer:
        peer.send(struct.pack(">BBL", ASSOCIATE_RQ, 0, 0xFFFFFFFF))
        assert isinstance(peer.read_answer(), Aborted | Rejected)
    assert_alive(scp)


@pytest.mark.parametrize("piece", [1, 7, 75])
def test_association_in_small_tcp_segments(scp, piece: int) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        peer.proposed = {one.id: one for one in ECHO}
        peer.send(associate_rq(called, "SOMEBODY", ECHO), piece)
        assert isinstance(peer.read_answer(), Accepted)
        peer.send(pdu(P_DATA, pdvs(1, echo_rq(), None, 1 << 16)[0]), piece)
        assert peer.read_message().command.status == 0x0000
        peer.send(pdu(RELEASE_RQ, bytes(4)), piece)
        assert peer.read_pdu().type == RELEASE_RP


# --- Fragments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fragment", [1, 2, 13, 4090])
def test_fragments_of_any_size(server: Isocenter, fragment: int) -> None:
    instance = dd.generate(patient=910, number=fragment)
    with server.storage_peer(storage_contexts([instance])) as peer:
        assert peer.store(instance, fragment=fragment) == 0x0000


def test_many_fragments_in_one_pdu_command_and_data_set_together(server: Isocenter) -> None:
    instance = dd.generate(patient=911)
    with server.storage_peer(storage_contexts([instance])) as peer:
        command = peer.store_command(instance.sop_class, instance.sop_instance)
        peer.send(pdu(P_DATA, b"".join(pdvs(1, command, instance.encoded, 100))), piece=1000)
        assert peer.read_message().command.status == 0x0000
        peer.release()


def test_last_fragment_may_be_empty(server: Isocenter) -> None:
    instance = dd.generate(patient=912)
    with server.storage_peer(storage_contexts([instance])) as peer:
        command = peer.store_command(instance.sop_class, instance.sop_instance)
        for piece in pdvs(1, command, None, 1 << 16):
            peer.send(pdu(P_DATA, piece))
        peer.send(pdu(P_DATA, struct.pack(">LBB", len(instance.encoded) + 2, 1, 0) + instance.encoded))
        peer.send(pdu(P_DATA, struct.pack(">LBB", 2, 1, 2)))
        assert peer.read_message().command.status == 0x0000
    assert len(find(server, "IMAGE", PatientID=instance.patient_id, StudyInstanceUID=instance.study, SeriesInstanceUID=instance.series, SOPInstanceUID="")) == 1


# --- Release and abort ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("SIL-026")
def test_release_is_answered_and_the_connection_closed(scp) -> None:
    address, called = scp
    peer = RawPeer(address).associate(called, "SOMEBODY", ECHO)
    peer.send(pdu(RELEASE_RQ, bytes(4)))
    assert peer.read_pdu().type == RELEASE_RP
    # The requestor closes (PS3.8 table 9-10, AR-3); then the acceptor does as well.
    peer.close()
    assert_alive(scp)


def test_abort_ends_the_association(scp) -> None:
    address, called = scp
    with RawPeer(address).associate(called, "SOMEBODY", ECHO) as peer:
        peer.send(pdu(ABORT, bytes(4)))
        peer.expect_close()
    assert_alive(scp)


@pytest.mark.parametrize("ending", ["rejection", "abort"])
def test_sil_022_artim_closes_what_the_peer_leaves_open(make_server: Callable[..., Isocenter], ending: str) -> None:
    """After a rejection or an abort it is the peer's turn to close (PS3.8 9.2, Sta13); ARTIM ends the wait."""
    server = make_server({"network": {"artim": "1s"}})
    with RawPeer(server.store_address) as peer:
        if ending == "rejection":
            assert peer.request(server.store_title, "SOMEBODY", ECHO, protocol_version=0) == Rejected(1, 2, 2)
        else:
            peer.associate(server.store_title, "SOMEBODY", ECHO)
            peer.send(pdu(0x42, b""))
            assert peer.expect_abort() == Aborted(2, 1)
        peer.expect_close()


# --- Bytes that are no PDUs, and PDUs out of turn (PS3.8 table 9-10) -------------------------------------------------

IN_TURN = {
    # Name: what is sent in Sta6, and the reason of PS3.8 9.3.8 that fits.
    "unknown PDU type": (pdu(0x42, b"abcd"), {1}),
    "A-ASSOCIATE-RQ twice": (associate_rq("X", "Y", ECHO), {2}),
    "A-RELEASE-RP unasked": (pdu(RELEASE_RP, bytes(4)), {2}),
    "PDV longer than its PDU": (pdu(P_DATA, struct.pack(">LBB", 5000, 1, 3) + b"abcd"), {6}),
    "PDV without a header": (pdu(P_DATA, struct.pack(">LB", 1, 1)), {6}),
    "PDV length of zero": (pdu(P_DATA, struct.pack(">L", 0)), {6}),
    "context that was not proposed": (pdu(P_DATA, pdvs(77, echo_rq(), None, 1 << 16)[0]), {5, 6}),
    "context that was refused": (pdu(P_DATA, pdvs(3, echo_rq(), None, 1 << 16)[0]), {5, 6}),
    "data set without a command": (pdu(P_DATA, pdvs(1, b"", b"abcd", 100)[1]), {0, 2, 5, 6}),
    "command set that is none": (pdu(P_DATA, pdvs(1, b"\xff" * 100, None, 1 << 16)[0]), {0, 2, 5, 6}),
    "release of the wrong length": (pdu(RELEASE_RQ, bytes(400)), {1, 2, 4, 5, 6}),
}


@pytest.mark.parametrize("name", IN_TURN)
def test_what_does_not_belong_is_answered_with_an_abort(scp, name: str) -> None:
    address, called = scp
    sent, reasons = IN_TURN[name]
    proposed = contexts((VERIFICATION, [dd.IMPLICIT]), ("1.2.3.4", [dd.IMPLICIT]))
    with RawPeer(address).associate(called, "GARBAGE", proposed) as peer:
        peer.send(sent)
        if name == "release of the wrong length":
            # Four reserved bytes are never tested (PS3.8 9.3.6); to answer such a release is just as well.
            answer = peer.read_pdu()
            assert answer.type == RELEASE_RP or (answer.type == ABORT and answer.body[3] in reasons), answer
        else:
            aborted = peer.expect_abort()
            assert aborted.reason in reasons, aborted
            # A reason has a meaning only where the service-provider speaks (PS3.8 table 9-26).
            assert aborted.source == (2 if aborted.reason else aborted.source)
    assert_alive(scp)


@pytest.mark.parametrize("length", [0, 1, 5, 1 << 20, (1 << 32) - 1])
def test_pdu_of_unknown_type_and_any_length(scp, length: int) -> None:
    address, called = scp
    with RawPeer(address).associate(called, "GARBAGE", ECHO) as peer:
        peer.send(struct.pack(">BBL", 0x99, 0, length))
        assert peer.expect_abort() == Aborted(2, 1)
    assert_alive(scp)


@pytest.mark.parametrize(
    "sent",
    [pdu(P_DATA, pdvs(1, echo_rq(), None, 1 << 16)[0]), pdu(RELEASE_RQ, bytes(4)), pdu(0x55, b"abc"), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3],
    ids=["P-DATA-TF", "A-RELEASE-RQ", "unknown type", "HTTP"],
)
def test_anything_before_the_association_request_is_answered_with_an_abort(scp, sent: bytes) -> None:
    with RawPeer(scp[0]) as peer:
        peer.send(sent)
        assert peer.expect_abort().source in (0, 2)
    assert_alive(scp)


def test_p_data_longer_than_announced_is_no_reason_to_fall_over(server: Isocenter) -> None:
    """A peer that ignores our maximum length: read or aborted, never more than that."""
    instance = dd.generate(patient=913, pixel_bytes=4_000_000)
    with server.storage_peer(storage_contexts([instance])) as peer:
        peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance))
        try:
            peer.send(pdu(P_DATA, pdvs(1, b"", instance.encoded, 1 << 24)[1]))
            answer = peer.read_pdu()
            assert answer.type in (P_DATA, ABORT)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert_alive((server.store_address, server.store_title))


def test_connection_lost_in_the_middle_of_everything(scp) -> None:
    address, called = scp
    whole = associate_rq(called, "GONE", ECHO) + pdu(P_DATA, pdvs(1, echo_rq(), None, 1 << 16)[0]) + pdu(RELEASE_RQ, bytes(4))
    for at in range(0, len(whole), 11):
        peer = RawPeer(address)
        peer.send(whole[:at])
        peer.close()
    assert_alive(scp)
