"""`preset = "annex-f"`: STORAGE-SCU as PS3.2 F.4.2.1 describes it, seen by the destination and by who ordered the export."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

import dicom_data as dd
from dicom_data import Instance
from exchanges import PENDING, assert_returned, kinds, store_well
from raw_peer import ABORT, APPLICATION_CONTEXT, VERIFICATION, Connection, Message, OtherPdu, RawDestination, RawPeer, Rejected, contexts, pdu, read_items, read_proposals
from server import Isocenter, free_ports, wait_until

ASSOCIATE_RJ = 3
JPEG_CLASSES = {dd.US, dd.US_RETIRED, dd.US_MULTI_FRAME, dd.US_MULTI_FRAME_RETIRED, dd.SC}


def server_for(make_server: Callable[..., Isocenter], destination: RawDestination, **settings: object) -> Isocenter:
    """A server under annex-f that knows the destination as VIEWER1."""
    return make_server({"preset": "annex-f", "peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}], **settings})


def order(server: Isocenter, instances: list[Instance], calling: str = "RAW_SCU") -> list[Message]:
    """A C-MOVE of the instances' patient: all responses."""
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), calling)
    responses = peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instances[0].patient_id), "VIEWER1")
    peer.release()
    return responses


# --- Associations ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("GEN-007", "PC-002", "PC-003", "PC-004", "PC-005", "PC-006", "PC-007", "PC-008", "PC-009", "QR-081")
def test_scu_005_every_class_of_the_table_comes_in_and_goes_out_in_each_of_its_syntaxes(make_server: Callable[..., Isocenter]) -> None:
    pairs = [(one, syntax) for one in dd.ANNEX_F_CLASSES for syntax in (dd.IMPLICIT, dd.EXPLICIT, dd.JPEG_BASELINE) if syntax != dd.JPEG_BASELINE or one in JPEG_CLASSES]
    instances = [dd.generate(number=number, sop_class=sop_class, transfer_syntax=syntax) for number, (sop_class, syntax) in enumerate(pairs, 1)]
    with RawDestination() as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        assert order(server, instances)[-1].command.status == 0x0000
        assert_returned(instances, [message for message, _ in destination.received])
        (proposed,) = destination.proposals
        assert set(kinds(instances)) <= {(one.abstract_syntax, one.transfer_syntaxes[0]) for one in proposed}
        # SCP for none: no role selection, and no extended negotiation (GEN-017).
        assert {one.abstract_syntax for one in proposed} <= set(dd.ANNEX_F_CLASSES)


@pytest.mark.requirement("SCU-018", "SIL-069")
def test_scu_014_scu_015_scu_016_each_order_has_an_association_of_its_own_for_all_its_images(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in range(1, 6)]
    with RawDestination() as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        for number in (1, 2, 3):
            assert order(server, instances)[-1].command.status == 0x0000
            destination.wait_for_release(number)
            assert len(destination.requests) == number
            assert len(destination.received) == 5 * number


@pytest.mark.requirement("SCU-012", "GEN-009")
def test_gen_008_gen_017_gen_019_what_the_association_request_says(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate()]
    with RawDestination() as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        order(server, instances)
        (request,) = destination.requests
        items = dict(read_items(request[68:]))
        assert items[0x10].decode() == APPLICATION_CONTEXT
        about = dict(read_items(items[0x50]))
        # The PDU size of its own is the general one (DIF-011): 128 kbytes.
        assert struct.unpack(">L", about[0x51]) == (131072,)
        # No asynchronous operations window: one operation at a time. No role selection, no extended negotiation.
        assert set(about) == {0x51, 0x52, 0x55}


@pytest.mark.requirement("DIF-011")
def test_scu_013_it_calls_itself_what_query_retrieve_scp_does(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate()]
    with RawDestination() as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        order(server, instances)
        about = dict(read_items(dict(read_items(destination.requests[0][68:]))[0x50]))
    query, storage = server.query_peer(contexts((VERIFICATION, [dd.IMPLICIT]))).accepted, server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]))).accepted
    assert about[0x52].decode() == query.implementation_class != storage.implementation_class
    assert about[0x55].decode() == query.implementation_version == storage.implementation_version
    # The SCPs have a maximum of their own.
    assert query.maximum_length == storage.maximum_length == 16384 != struct.unpack(">L", about[0x51])[0]


def test_scu_001_nothing_goes_out_before_it_is_ordered(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]
    with RawDestination() as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        server.restart()
        assert destination.requests == []
        assert order(server, instances[:1])[-1].command.status == 0x0000
        assert len(destination.requests) == 1


def test_scu_008_nobody_is_accepted_under_its_title(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"preset": "annex-f"})
    for address in (server.store_address, server.query_address):
        with RawPeer(address) as peer:
            assert peer.request("ISO_STORE_SCU", "RAW_SCU", contexts((VERIFICATION, [dd.IMPLICIT]))) == Rejected(1, 1, 7)


def test_scu_009_cfg_021_ten_exports_at_once_to_one_peer_and_the_eleventh_waits(make_server: Callable[..., Isocenter]) -> None:
    instance = dd.generate()
    go_on = threading.Event()

    def hold(_: Message, __: str) -> int:
        assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold) as destination, contextlib.ExitStack() as stack:
        server = server_for(make_server, destination, **{"query-retrieve-scp": {"associations": 20}})
        store_well(server, [instance])
        orders = []
        for number in range(11):
            peer = stack.enter_context(server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), f"ASKER_{number}"))
            orders.append((peer, peer.start_move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instance.patient_id), "VIEWER1")))
            if number < 10:
                destination.wait_for(number + 1)
        assert len(destination.requests) == 10
        go_on.set()
        assert {list(peer.responses(message_id))[-1].command.status for peer, message_id in orders} == {0x0000}
        assert len(destination.requests) == 11


def rejecting(times: int) -> tuple[Callable[[Connection, bytes], bool], list[int]]:
    """Rejects an association request so many times, and counts."""
    seen: list[int] = []

    def answer(connection: Connection, _: bytes) -> bool:
        seen.append(len(seen))
        if len(seen) <= times:
            connection.send(pdu(ASSOCIATE_RJ, bytes([0, 2, 3, 1])))
            return False
        return True

    return answer, seen


@pytest.mark.requirement("CFG-027")
def test_scu_011_dif_006_opening_is_not_tried_again_by_default(make_server: Callable[..., Isocenter]) -> None:
    answer, seen = rejecting(1)
    with RawDestination(answer_request=answer) as destination:
        server = server_for(make_server, destination)
        store_well(server, [dd.generate()])
        assert order(server, [dd.generate()])[-1].command.status == 0xA702
        assert len(seen) == 1


@pytest.mark.requirement("CFG-027", "CFG-028")
@pytest.mark.parametrize("rejections", [2, 3])
def test_scu_011_dif_006_opening_is_tried_again_as_often_as_is_set(make_server: Callable[..., Isocenter], rejections: int) -> None:
    answer, seen = rejecting(rejections)
    with RawDestination(answer_request=answer) as destination:
        server = server_for(make_server, destination, **{"storage-scu": {"open-retries": 2, "open-retry-wait": "10ms"}})
        store_well(server, [dd.generate()])
        assert order(server, [dd.generate()])[-1].command.status == (0x0000 if rejections == 2 else 0xA702)
        assert len(seen) == 3
        assert len(destination.received) == (1 if rejections == 2 else 0)


# --- What a destination answers ----------------------------------------------------------------------------------------

STORED = {"SCU-026": [0x0000], "SCU-030": [0xB000], "SCU-031": [0xB007], "SCU-032": [0xB006], "SCU-033": [0x0107], "SCU-034": [0x0116]}
FAILED = {"SCU-027": [0xA700, 0xA7FF], "SCU-028": [0xA900, 0xA9FF], "SCU-029": [0xC000, 0xCFFF]}
OTHERS = [0x0110, 0x0122, 0x0211, 0xA801, 0xFE00, 0xFF00, 0x4711]
# Warnings of the standard that the table does not have.
UNNAMED = [0x0001, 0xB001, 0xB00A, 0xBFFF]


def statuses(table: dict[str, list[int]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("status", [pytest.param(one, marks=pytest.mark.requirement(id_), id=f"{one:04X}") for id_, ones in table.items() for one in ones])


@statuses(STORED)
def test_a_status_that_counts_as_stored_is_a_success(make_server: Callable[..., Isocenter], status: int) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]
    with RawDestination(on_store=lambda *_: status) as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        *pending, last = order(server, instances)
        # Where it is counted, with the completed ones or with the warnings, is left to the standard.
        stored = [(one.command.status, one.command.completed + one.command.warning) for one in pending]
        assert stored == [(PENDING, 0), (PENDING, 1)]
        assert (last.command.status, last.command.failed) == (0x0000, 0)
        assert last.data_set is None
        assert len(destination.received) == 2
        if status:
            assert "WARN" in server.wait_for_log(f"{status:04X}")


@statuses(FAILED | {"SCU-036": OTHERS, "SCU-035": [*OTHERS, *UNNAMED], "DIF-022": UNNAMED})
def test_any_other_status_ends_the_export_for_good(make_server: Callable[..., Isocenter], status: int) -> None:
    instances = [dd.generate(number=number) for number in (1, 2, 3)]
    with RawDestination(on_store=lambda *_: status) as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        *pending, last = order(server, instances)
        assert [(one.command.status, one.command.completed) for one in pending] == [(PENDING, 0)]
        assert last.command.status == 0xA702
        assert last.command.completed == 0
        # The association is released, and nothing is sent again.
        destination.wait_for_release()
        assert len(destination.received) == len(destination.requests) == 1
        server.wait_for_log(f"{status:04X}")


# --- Communication failure -----------------------------------------------------------------------------------------------


class Stubborn:
    """A destination that takes an association and then does what the test says; hands on how it ended."""

    def __init__(self, after_accept: Callable[[Connection], None]) -> None:
        self.ended: list[str] = []
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._after_accept = after_accept
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        accepted, _ = self._listener.accept()
        with Connection(accepted) as connection:
            request = connection.read_pdu()
            results = b"".join(struct.pack(">BBHBBBBBBH", 0x21, 0, 8 + len(one.transfer_syntaxes[0]), one.id, 0, 0, 0, 0x40, 0, len(one.transfer_syntaxes[0])) + one.transfer_syntaxes[0].encode() for one in read_proposals(request.body))
            information = struct.pack(">BBHL", 0x51, 0, 4, 131072) + struct.pack(">BBH", 0x52, 0, 5) + b"1.2.3"
            body = request.body[:68] + struct.pack(">BBH", 0x10, 0, len(APPLICATION_CONTEXT)) + APPLICATION_CONTEXT.encode()
            connection.send(pdu(2, body + results + struct.pack(">BBH", 0x50, 0, len(information)) + information))
            try:
                self._after_accept(connection)
                self.ended.append("abort" if connection.expect_abort() else "")
            except Exception as other:  # whatever came in place of an A-ABORT
                self.ended.append(repr(other))
        self.done.set()

    def how(self) -> str:
        assert self.done.wait(60)
        return self.ended[0]

    def __enter__(self) -> Stubborn:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


def half_a_pdu(connection: Connection) -> None:
    connection.read_message()
    connection.send(b"\4\0\0\0\0\x64\0\0")


@pytest.mark.parametrize(
    ("settings", "after_accept"),
    [
        pytest.param({"storage-scu": {"response-timeout": "1s"}}, lambda connection: connection.read_message() and None, marks=pytest.mark.requirement("SCU-037", "CFG-022"), id="no response"),
        pytest.param({"network": {"between-packets-timeout": "1s"}}, half_a_pdu, marks=pytest.mark.requirement("SCU-038", "CFG-011"), id="half a PDU"),
    ],
)
def test_a_destination_that_stops_is_aborted_and_the_requester_told(make_server: Callable[..., Isocenter], settings: dict[str, object], after_accept: Callable[[Connection], None]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]
    with Stubborn(after_accept) as destination:
        server = server_for(make_server, destination, **settings)
        store_well(server, instances)
        last = order(server, instances)[-1].command
        assert (last.status, last.completed, last.failed) == (0xA702, 0, 2)
        assert destination.how() == "abort"
        server.wait_for_log("ERROR.*VIEWER1")


@pytest.mark.requirement("SCU-038", "CFG-010")
def test_a_destination_that_takes_nothing_is_given_up(make_server: Callable[..., Isocenter]) -> None:
    instance = dd.generate(pixel_bytes=30_000_000)
    given_up = threading.Event()
    with Stubborn(lambda _: given_up.wait(60) and None) as destination:
        server = server_for(make_server, destination, **{"network": {"write-timeout": "1s"}})
        store_well(server, [instance])
        last = order(server, [instance])[-1].command
        given_up.set()
        assert (last.status, last.completed, last.failed) == (0xA702, 0, 1)
        server.wait_for_log("ERROR.*VIEWER1")


@pytest.mark.parametrize("ending", ["abort", "close"])
def test_scu_039_a_destination_that_goes_is_not_aborted_and_the_requester_is_told(make_server: Callable[..., Isocenter], ending: str) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]

    def go(connection: Connection) -> None:
        connection.read_message()
        if ending == "abort":
            connection.send(pdu(ABORT, bytes(4)))
        else:
            connection.socket.shutdown(socket.SHUT_WR)

    with Stubborn(go) as destination:
        server = server_for(make_server, destination)
        store_well(server, instances)
        last = order(server, instances)[-1].command
        assert (last.status, last.completed, last.failed) == (0xA702, 0, 2)
        assert "PeerClosed" in destination.how()
        server.wait_for_log("ERROR.*VIEWER1")


def test_cfg_009_a_destination_that_never_answers_the_request_is_given_up(make_server: Callable[..., Isocenter]) -> None:
    given_up = threading.Event()

    def silent(_: Connection, __: bytes) -> bool:
        given_up.wait(60)
        return False

    with RawDestination(answer_request=silent) as destination:
        server = server_for(make_server, destination, network={"association-response-timeout": "1s"})
        store_well(server, [dd.generate()])
        assert order(server, [dd.generate()])[-1].command.status == 0xA702
        given_up.set()


@pytest.fixture
def full_backlog() -> Iterator[int]:
    """A port that listens and takes no more connections: what comes waits for a place in the queue."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_cfg_007_a_connection_that_does_not_open_is_given_up(make_server: Callable[..., Isocenter], full_backlog: int) -> None:
    server = make_server({"preset": "annex-f", "network": {"connect-timeout": "1s"}, "peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": full_backlog}]})
    store_well(server, [dd.generate()])
    assert order(server, [dd.generate()])[-1].command.status == 0xA702
    server.wait_for_log("VIEWER1.*timed out")


# --- What cannot be read, and where peers are ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "status", "arrived"),
    [pytest.param("annex-f", 0xA702, None, marks=pytest.mark.requirement("QR-091")), ("standard", 0xB000, 2)],
)
def test_sil_071_an_instance_that_cannot_be_read_from_the_archive(make_server: Callable[..., Isocenter], preset: str, status: int, arrived: int | None) -> None:
    instances = [dd.generate(number=number) for number in (1, 2, 3)]
    with RawDestination() as destination:
        server = server_for(make_server, destination, preset=preset)
        store_well(server, instances)
        next(path for path in server.vault_files() if instances[1].sop_instance in path.name).unlink()
        last = order(server, instances)[-1].command
        assert last.status == status
        assert last.failed == (1 if arrived else 3 - last.completed)
        if arrived:
            assert len(destination.received) == arrived
        server.wait_for_log(instances[1].sop_instance)


def test_net_005_cfg_004_a_peer_is_found_by_its_host_name(make_server: Callable[..., Isocenter]) -> None:
    with RawDestination() as destination:
        server = make_server({"preset": "annex-f", "peer": [{"ae-title": "VIEWER1", "host": "localhost", "port": destination.port}]})
        store_well(server, [dd.generate()])
        assert order(server, [dd.generate()])[-1].command.status == 0x0000
        assert len(destination.received) == 1
