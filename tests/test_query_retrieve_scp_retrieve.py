"""QUERY-RETRIEVE-SCP and STORAGE-SCU: C-MOVE and C-GET bring every data set back byte for byte."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom._globals import ALL_TRANSFER_SYNTAXES
from pynetdicom.presentation import build_context

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_returned, find, get, get_peer, kinds, store_well
from raw_peer import (
    C_GET_RSP,
    C_MOVE_RQ,
    C_STORE_RQ,
    VERIFICATION,
    Accepted,
    Connection,
    Message,
    RawDestination,
    RawPeer,
    command_set,
    contexts,
    pdu,
    store_rsp,
)
from server import Isocenter, free_ports, wait_until

ASSOCIATE_RJ = 3


def held() -> list[Instance]:
    """What the tests retrieve: the tree, and one patient whose instances differ in class and syntax."""
    mixed = [
        dd.rich(syntax, patient=9, series=1 + number % 3, number=number, sop_class=sop_class, PatientID="MIXED")
        for number, (sop_class, syntax) in enumerate(
            [(dd.CT, dd.IMPLICIT), (dd.CT, dd.EXPLICIT), (dd.MR, dd.BIG_ENDIAN), (dd.US, dd.JPEG_BASELINE), (dd.SC, dd.RLE), (dd.CT, dd.DEFLATED), (dd.MR, dd.EXPLICIT)], 1
        )
    ]
    return dd.tree() + mixed


@pytest.fixture(scope="module")
def destination() -> Iterator[RawDestination]:
    with RawDestination() as one:
        yield one


@pytest.fixture(scope="module", params=["process", "thread"])
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest, destination: RawDestination) -> Isocenter:
    (closed,) = free_ports(1)
    started = make_shared_server(
        {
            "isolation": request.param,
            "peer": [
                {"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port},
                {"ae-title": "UNREACHABLE", "host": "127.0.0.1", "port": closed},
            ],
        }
    )
    store_well(started, held())
    return started


def server_with(make_server: Callable[..., Isocenter], destination: RawDestination, instances: list[Instance], **settings: object) -> Isocenter:
    """A server of the test's own that knows one destination."""
    server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}], **settings})
    store_well(server, instances)
    return server


def move(server: Isocenter, model: str, level: str, to: str = "VIEWER1", calling: str = "RAW_SCU", **keys: object) -> list[Message]:
    peer = server.query_peer(contexts((model, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT])), calling)
    responses = peer.move(model, dd.identifier(level, **keys), to)
    assert peer.echo() == 0x0000
    peer.release()
    return responses


def failed_list(message: Message) -> list[str]:
    """The Failed SOP Instance UID List of a response."""
    if message.data_set is None:
        return []
    value = dd.decode(message.data_set).get("FailedSOPInstanceUIDList")
    return [value] if isinstance(value, str) else sorted(str(uid) for uid in value or [])


S11 = dd.uid(1, 1)
SERIES = dd.uid(1, 1, 1)
# What is asked for, and which of the instances that means.
ORDERS: list[tuple[str, str, dict[str, object], Callable[[Instance], bool]]] = [
    ("P", "PATIENT", {"PatientID": "PAT-1"}, lambda one: one.patient_id == "PAT-1"),
    ("P", "PATIENT", {"PatientID": "MIXED"}, lambda one: one.patient_id == "MIXED"),
    ("P", "STUDY", {"PatientID": "PAT-1", "StudyInstanceUID": S11}, lambda one: one.study == S11),
    ("P", "STUDY", {"PatientID": "PAT-1", "StudyInstanceUID": [S11, dd.uid(1, 2)]}, lambda one: one.patient_id == "PAT-1"),
    ("P", "STUDY", {"PatientID": "PAT-2", "StudyInstanceUID": S11}, lambda one: False),
    ("P", "SERIES", {"PatientID": "PAT-1", "StudyInstanceUID": S11, "SeriesInstanceUID": SERIES}, lambda one: one.series == SERIES),
    ("P", "SERIES", {"PatientID": "PAT-1", "StudyInstanceUID": S11, "SeriesInstanceUID": [SERIES, dd.uid(1, 1, 3)]}, lambda one: one.series in (SERIES, dd.uid(1, 1, 3))),
    ("P", "IMAGE", {"PatientID": "PAT-1", "StudyInstanceUID": S11, "SeriesInstanceUID": SERIES, "SOPInstanceUID": dd.uid(1, 1, 1, 2)}, lambda one: one.sop_instance == dd.uid(1, 1, 1, 2)),
    ("P", "IMAGE", {"PatientID": "PAT-1", "StudyInstanceUID": S11, "SeriesInstanceUID": SERIES, "SOPInstanceUID": [dd.uid(1, 1, 1, 1), dd.uid(1, 1, 1, 3)]}, lambda one: one.sop_instance in (dd.uid(1, 1, 1, 1), dd.uid(1, 1, 1, 3))),
    ("S", "STUDY", {"StudyInstanceUID": S11}, lambda one: one.study == S11),
    ("S", "STUDY", {"StudyInstanceUID": [S11, dd.uid(3, 1), "1.2.3.4"]}, lambda one: one.study in (S11, dd.uid(3, 1))),
    # SIL-061: nothing matches, so nothing fails.
    ("S", "STUDY", {"StudyInstanceUID": "1.2.3.4"}, lambda one: False),
    ("S", "SERIES", {"StudyInstanceUID": S11, "SeriesInstanceUID": SERIES}, lambda one: one.series == SERIES),
    ("S", "IMAGE", {"StudyInstanceUID": S11, "SeriesInstanceUID": SERIES, "SOPInstanceUID": dd.uid(1, 1, 1, 2)}, lambda one: one.sop_instance == dd.uid(1, 1, 1, 2)),
    ("O", "PATIENT", {"PatientID": "PAT-2"}, lambda one: one.patient_id == "PAT-2"),
    ("O", "STUDY", {"PatientID": "PAT-1", "StudyInstanceUID": S11}, lambda one: one.study == S11),
]
MOVE_OF = {"P": dd.PATIENT_MOVE, "S": dd.STUDY_MOVE, "O": dd.PATIENT_STUDY_ONLY_MOVE}
GET_OF = {"P": dd.PATIENT_GET, "S": dd.STUDY_GET, "O": dd.PATIENT_STUDY_ONLY_GET}
orders = pytest.mark.parametrize(("model", "level", "keys", "meant"), ORDERS, ids=[f"{number}-{model}-{level}" for number, (model, level, *_) in enumerate(ORDERS)])


def assert_counters(responses: list[Message], total: int) -> None:
    """SIL-063: the counters add up, and the last response leaves out how many remain."""
    for response in responses[:-1]:
        command = response.command
        assert command.status == 0xFF00 and response.data_set is None
        assert command.remaining + command.completed + command.failed + command.warning == total
    remaining = [response.command.remaining for response in responses[:-1]]
    assert remaining == sorted(remaining, reverse=True)
    last = responses[-1].command
    assert "remaining" not in last
    assert (last.completed, last.failed, last.warning) == (total, 0, 0)


# --- C-MOVE ----------------------------------------------------------------------------------------------------------


@orders
def test_qr_079_sil_060_sil_061_move_at_all_levels(server: Isocenter, destination: RawDestination, model: str, level: str, keys: dict[str, object], meant: Callable[[Instance], bool]) -> None:
    expected = [one for one in held() if meant(one)]
    before, released = len(destination.received), destination.released
    responses = move(server, MOVE_OF[model], level, **keys)
    assert responses[-1].command.status == 0x0000, responses[-1].command
    assert_counters(responses, len(expected))
    destination.wait_for(before + len(expected))
    came = destination.received[before:]
    assert_returned(expected, [message for message, _ in came])
    # In the transfer syntax they are held in.
    syntax_of = {one.sop_instance: one.transfer_syntax for one in expected}
    assert {message.command.affected_sop_instance: syntax for message, syntax in came} == syntax_of
    if expected:
        # SCU-014, SCU-016: one association for the order, released after the last.
        destination.wait_for_release(released + 1)


@pytest.mark.requirement("QR-003")
def test_sil_066_the_export_says_who_asked_for_it(server: Isocenter, destination: RawDestination) -> None:
    before, requests = len(destination.received), len(destination.requests)
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT])), "ASKER")
    for _ in range(6):
        peer.echo()
    message_id = peer.start_move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID="PAT-2"), "VIEWER1")
    assert list(peer.responses(message_id))[-1].command.status == 0x0000
    peer.release()
    (request,) = destination.requests[requests:]
    assert request[4:20].decode().strip() == "VIEWER1"
    assert request[20:36].decode().strip() == "ISO_STORE_SCU"
    ((message, _),) = destination.received[before:]
    assert message.command.move_originator == "ASKER"
    assert message.command.move_originator_message_id == message_id
    assert message.command.priority in (0, 1, 2)


def test_qr_092_unknown_destination(server: Isocenter) -> None:
    responses = move(server, dd.PATIENT_MOVE, "PATIENT", to="NOBODY", PatientID="PAT-1")
    assert [response.command.status for response in responses] == [0xA801]
    assert len(responses[0].command.get("error_comment", "")) <= 64


def test_sil_062_unreachable_destination(server: Isocenter) -> None:
    responses = move(server, dd.PATIENT_MOVE, "PATIENT", to="UNREACHABLE", PatientID="PAT-1")
    last = responses[-1]
    assert last.command.status == 0xA702
    assert (last.command.completed, last.command.failed) == (0, 8)
    assert failed_list(last) == sorted(one.sop_instance for one in held() if one.patient_id == "PAT-1")


def test_qr_085_only_attempted_instances_have_a_response_of_their_own(server: Isocenter) -> None:
    """Eight instances, a destination that is not there: at most the first response (QR-084) and the final one."""
    responses = move(server, dd.PATIENT_MOVE, "PATIENT", to="UNREACHABLE", PatientID="PAT-1")
    assert len(responses) <= 2, [response.command for response in responses]


def test_sil_062_destination_that_rejects(make_server: Callable[..., Isocenter]) -> None:
    def reject(connection: Connection, _: bytes) -> bool:
        connection.send(pdu(ASSOCIATE_RJ, bytes([0, 1, 1, 7])))
        return False

    instances = [dd.generate(number=number) for number in (1, 2)]
    with RawDestination(answer_request=reject) as destination:
        server = server_with(make_server, destination, instances)
        last = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1]
        assert last.command.status == 0xA702
        assert (last.command.completed, last.command.failed) == (0, 2)
        assert failed_list(last) == sorted(one.sop_instance for one in instances)


def test_sil_063_sil_064_partial_failure(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in range(1, 6)]
    bad = {instances[1].sop_instance, instances[3].sop_instance}
    with RawDestination(on_store=lambda message, _: 0xA700 if message.command.affected_sop_instance in bad else 0x0000) as destination:
        server = server_with(make_server, destination, instances)
        responses = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)
        last = responses[-1]
        assert last.command.status == 0xB000
        assert (last.command.completed, last.command.failed, last.command.warning) == (3, 2, 0)
        assert failed_list(last) == sorted(bad)
        assert all(response.data_set is None for response in responses[:-1])
        # Each one was tried.
        assert len(destination.received) == 5


def test_dif_014_all_failed(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2, 3)]
    with RawDestination(on_store=lambda *_: 0xC000) as destination:
        server = server_with(make_server, destination, instances)
        last = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1]
        assert last.command.status == 0xA702
        assert (last.command.completed, last.command.failed) == (0, 3)
        assert failed_list(last) == sorted(one.sop_instance for one in instances)


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007])
def test_dif_013_warnings_are_counted_as_warnings(make_server: Callable[..., Isocenter], status: int) -> None:
    instances = [dd.generate(number=number) for number in (1, 2, 3)]
    with RawDestination(on_store=lambda message, _: status if message.command.affected_sop_instance == instances[0].sop_instance else 0) as destination:
        server = server_with(make_server, destination, instances)
        last = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1]
        assert last.command.status == 0xB000
        assert (last.command.completed, last.command.failed, last.command.warning) == (2, 0, 1)
        assert failed_list(last) == []


def test_sil_065_instances_without_an_accepted_context_fail_and_the_others_arrive(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=1), dd.generate(number=2, sop_class=dd.MR), dd.generate(number=3), dd.generate(number=4, transfer_syntax=dd.RLE)]
    accepted = {(dd.CT, dd.EXPLICIT)}
    with RawDestination(accept=lambda one: any((one.abstract_syntax, syntax) in accepted for syntax in one.transfer_syntaxes[:1])) as destination:
        server = server_with(make_server, destination, instances)
        last = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1]
        assert last.command.status == 0xB000
        assert (last.command.completed, last.command.failed) == (2, 2)
        assert failed_list(last) == sorted([instances[1].sop_instance, instances[3].sop_instance])
        assert_returned([instances[0], instances[2]], [message for message, _ in destination.received])


def test_scu_003_scu_019_contexts_come_from_what_is_sent(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=1), dd.generate(number=2, transfer_syntax=dd.JPEG_BASELINE), dd.generate(number=3, sop_class=dd.MR)]
    with RawDestination() as destination:
        server = server_with(make_server, destination, instances)
        assert move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1].command.status == 0x0000
        (proposed,) = destination.proposals
        assert {one.abstract_syntax for one in proposed} == {dd.CT, dd.MR}
        offered = {(one.abstract_syntax, syntax) for one in proposed for syntax in one.transfer_syntaxes}
        assert {(dd.CT, dd.EXPLICIT), (dd.CT, dd.JPEG_BASELINE), (dd.MR, dd.EXPLICIT)} <= offered
        ids = [one.id for one in proposed]
        assert len(set(ids)) == len(ids) and all(id_ % 2 for id_ in ids)


def test_scu_020_cfg_031_a_context_for_each_class_where_that_is_set(make_server: Callable[..., Isocenter]) -> None:
    """With all its transfer syntaxes in one context, the destination chooses one of them."""
    instances = [dd.generate(number=1), dd.generate(number=2, transfer_syntax=dd.IMPLICIT), dd.generate(number=3, sop_class=dd.MR)]
    with RawDestination() as destination:
        server = server_with(make_server, destination, instances, **{"storage-scu": {"contexts": "several-syntaxes"}})
        move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)
        proposed = destination.proposals[0]
        assert sorted(one.abstract_syntax for one in proposed) == [dd.CT, dd.MR]
        of_ct = next(one for one in proposed if one.abstract_syntax == dd.CT)
        assert {dd.EXPLICIT, dd.IMPLICIT} <= set(of_ct.transfer_syntaxes)


@pytest.mark.parametrize("priority", [0, 1, 2])
def test_sil_057_each_instance_goes_out_with_the_priority_of_its_order(server: Isocenter, destination: RawDestination, priority: int) -> None:
    before = len(destination.received)
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
    command = command_set(affected_sop_class=dd.PATIENT_MOVE, command_field=C_MOVE_RQ, message_id=7, priority=priority, data_set_type=1, move_destination="VIEWER1")
    peer.send_message(1, command, dd.identifier("PATIENT", PatientID="PAT-1"))
    assert list(peer.responses(7))[-1].command.status == 0x0000
    peer.release()
    assert {message.command.priority for message, _ in destination.received[before:]} == {priority}


def test_sil_015_more_kinds_than_one_association_has_contexts_for(make_server: Callable[..., Isocenter]) -> None:
    syntaxes = dd.transfer_syntaxes()
    instances = [dd.generate(number=number, sop_class=sop_class, transfer_syntax=syntax, pixel_bytes=64) for number, (sop_class, syntax) in enumerate(((a, b) for a in (dd.CT, dd.MR, dd.US) for b in syntaxes), 1)]
    assert len(kinds(instances)) > 128
    with RawDestination() as destination:
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        store_well(server, instances[:100])
        store_well(server, instances[100:])
        responses = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)
        assert responses[-1].command.status == 0x0000, responses[-1].command
        assert_returned(instances, [message for message, _ in destination.received])


def test_pynetdicom_destination_and_client(make_server: Callable[..., Isocenter]) -> None:
    received: dict[str, bytes] = {}

    def on_store(event: evt.Event) -> int:
        received[event.request.AffectedSOPInstanceUID] = event.request.DataSet.getvalue()
        return 0x0000

    ae = AE("VIEWER1")
    for context in StoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
    scp = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, on_store)])
    try:
        instances = [one for one in held() if one.patient_id == "MIXED"]
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": scp.socket.getsockname()[1]}]})
        store_well(server, instances)
        asker = AE("PYNETDICOM")
        asker.add_requested_context(dd.PATIENT_MOVE)
        association = asker.associate(*server.query_address, ae_title=server.query_title)
        request = Dataset()
        request.QueryRetrieveLevel = "PATIENT"
        request.PatientID = "MIXED"
        statuses = [status for status, _ in association.send_c_move(request, "VIEWER1", dd.PATIENT_MOVE)]
        association.release()
        assert statuses[-1].Status == 0x0000
        assert statuses[-1].NumberOfCompletedSuboperations == 7
        assert received == {one.sop_instance: one.encoded for one in instances}
    finally:
        scp.shutdown()


def test_qr_094_sil_055_cancel_of_a_move(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in range(1, 21)]
    second, go_on = threading.Event(), threading.Event()

    def hold_the_second(_: Message, __: str) -> int:
        if len(destination.received) == 2:
            second.set()
            assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold_the_second) as destination:
        server = server_with(make_server, destination, instances)
        peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT])))
        message_id = peer.start_move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instances[0].patient_id), "VIEWER1")
        assert second.wait(60)
        peer.cancel(message_id, 1)
        go_on.set()
        responses = list(peer.responses(message_id))
        last = responses[-1].command
        assert last.status == 0xFE00, f"{last.status:04X}"
        assert 1 <= last.completed < 20
        assert last.get("remaining", 20 - last.completed) == 20 - last.completed - last.failed
        # SIL-055: what ran came to its end, and the association was released.
        destination.wait_for_release()
        assert len(destination.received) == last.completed
        assert peer.echo() == 0x0000
        peer.release()


@pytest.mark.parametrize("ending", ["abort", "close"])
@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_qr_098_sil_068_a_move_goes_on_when_its_requester_goes_away(make_server: Callable[..., Isocenter], isolation: str, ending: str) -> None:
    instances = [dd.generate(number=number) for number in range(1, 11)]
    second, go_on = threading.Event(), threading.Event()

    def hold_the_second(_: Message, __: str) -> int:
        if len(destination.received) == 2:
            second.set()
            assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold_the_second) as destination:
        server = server_with(make_server, destination, instances, isolation=isolation)
        peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), "LEAVING")
        peer.start_move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instances[0].patient_id), "VIEWER1")
        assert second.wait(60)
        getattr(peer, ending)()
        go_on.set()
        destination.wait_for(10)
        destination.wait_for_release()
        assert_returned(instances, [message for message, _ in destination.received])


def test_qr_096_sil_024_the_idle_limit_does_not_run_while_a_move_does(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]
    pause = threading.Event()

    def slow(_: Message, __: str) -> int:
        pause.wait(2.5)
        return 0x0000

    with RawDestination(on_store=slow) as destination:
        server = server_with(make_server, destination, instances, **{"query-retrieve-scp": {"idle-timeout": "1s"}})
        peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
        responses = peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instances[0].patient_id), "VIEWER1")
        assert responses[-1].command.status == 0x0000
        peer.expect_abort()


def test_scu_037_a_destination_that_never_answers(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]
    forever = threading.Event()

    def silent(_: Message, __: str) -> int:
        forever.wait(60)
        return 0x0000

    with RawDestination(on_store=silent) as destination:
        server = server_with(make_server, destination, instances, **{"storage-scu": {"response-timeout": "1s"}})
        last = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1]
        assert last.command.status == 0xA702
        assert last.command.failed == 2
        forever.set()


def test_scu_039_a_destination_that_dies_on_the_way(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in range(1, 6)]

    def die(message: Message, _: str) -> int:
        if len(destination.received) == 3:
            raise ConnectionResetError
        return 0x0000

    with RawDestination(on_store=die) as destination:
        server = server_with(make_server, destination, instances)
        last = move(server, dd.PATIENT_MOVE, "PATIENT", PatientID=instances[0].patient_id)[-1]
        assert last.command.status == 0xB000
        assert (last.command.completed, last.command.failed) == (2, 3)
        assert len(failed_list(last)) == 3


def test_scu_010_sil_067_exports_run_one_at_a_time_where_that_is_the_limit(make_server: Callable[..., Isocenter]) -> None:
    """With one permit, a second order waits its turn and is then carried out."""
    instances = [dd.generate(number=number) for number in (1, 2)]
    first, go_on = threading.Event(), threading.Event()

    def hold_the_first(_: Message, __: str) -> int:
        first.set()
        assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold_the_first) as destination:
        server = server_with(make_server, destination, instances, **{"storage-scu": {"associations": 1}})
        proposed = contexts((dd.PATIENT_MOVE, [dd.IMPLICIT]))
        one, other = server.query_peer(proposed, "ONE"), server.query_peer(proposed, "OTHER")
        identifier = dd.identifier("PATIENT", PatientID=instances[0].patient_id)
        first_id = one.start_move(dd.PATIENT_MOVE, identifier, "VIEWER1")
        assert first.wait(60)
        second_id = other.start_move(dd.PATIENT_MOVE, identifier, "VIEWER1")
        assert len(destination.requests) == 1
        go_on.set()
        assert list(one.responses(first_id))[-1].command.status == 0x0000
        assert list(other.responses(second_id))[-1].command.status == 0x0000
        assert len(destination.received) == 4


BAD_ORDERS = {
    "no level": (dd.STUDY_MOVE, dd.identifier(None, StudyInstanceUID=S11)),
    "unknown level": (dd.STUDY_MOVE, dd.identifier("WARD", StudyInstanceUID=S11)),
    "PATIENT in Study Root": (dd.STUDY_MOVE, dd.identifier("PATIENT", PatientID="PAT-1")),
    "IMAGE in Patient/Study Only": (dd.PATIENT_STUDY_ONLY_MOVE, dd.identifier("IMAGE", PatientID="PAT-1", StudyInstanceUID=S11, SOPInstanceUID="1.2")),
    "no unique key of the level": (dd.STUDY_MOVE, dd.identifier("STUDY")),
    "empty unique key of the level": (dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID="")),
    "QR-083: a list above the level": (dd.STUDY_MOVE, dd.identifier("SERIES", StudyInstanceUID=[S11, dd.uid(1, 2)], SeriesInstanceUID=SERIES)),
    "wild card": (dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID="*")),
}


@pytest.mark.parametrize("name", BAD_ORDERS)
def test_qr_093_bad_orders(server: Isocenter, destination: RawDestination, name: str) -> None:
    model, identifier = BAD_ORDERS[name]
    before = len(destination.received)
    with server.query_peer(contexts((model, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        responses = peer.move(model, identifier, "VIEWER1")
        # A wild card is no value that a Patient ID has: refused, or nothing matches.
        assert [f"{response.command.status:04X}" for response in responses] in [["A900"], ["0000"]][: 2 if name == "wild card" else 1]
        assert peer.echo() == 0x0000
    assert len(destination.received) == before


def test_sil_059_higher_keys_that_are_missing_are_no_obstacle(server: Isocenter) -> None:
    """Many senders give only the UID that they are after; annex-f refuses that."""
    stored, responses = get(server, "SERIES", dd.STUDY_GET, [(dd.CT, dd.EXPLICIT)], SeriesInstanceUID=SERIES)
    assert responses[-1].command.status == 0x0000
    assert_returned([one for one in held() if one.series == SERIES], stored)


# --- C-GET -----------------------------------------------------------------------------------------------------------


@orders
def test_sil_001_get_at_all_levels(server: Isocenter, model: str, level: str, keys: dict[str, object], meant: Callable[[Instance], bool]) -> None:
    expected = [one for one in held() if meant(one)]
    stored, responses = get(server, level, GET_OF[model], kinds(held()), **keys)
    assert responses[-1].command.status == 0x0000, responses[-1].command
    assert_counters(responses, len(expected))
    assert_returned(expected, stored)
    assert all("move_originator" not in message.command for message in stored)


def test_get_of_instances_for_which_no_role_was_agreed(server: Isocenter) -> None:
    # Contexts without role selection: we are no SCP of them, so nothing may be sent.
    peer = server.query_peer(contexts((dd.STUDY_GET, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]), (VERIFICATION, [dd.IMPLICIT])))
    stored, responses = peer.get(dd.STUDY_GET, dd.identifier("STUDY", StudyInstanceUID=S11))
    assert stored == []
    last = responses[-1]
    assert last.command.status == 0xA702
    assert (last.command.completed, last.command.failed) == (0, 6)
    assert len(failed_list(last)) == 6
    assert peer.echo() == 0x0000
    peer.release()


def test_get_of_instances_some_of_which_have_no_context(server: Isocenter) -> None:
    stored, responses = get(server, "STUDY", dd.STUDY_GET, [(dd.CT, dd.EXPLICIT)], StudyInstanceUID=S11)
    last = responses[-1]
    assert last.command.status == 0xB000
    assert (last.command.completed, last.command.failed) == (5, 1)
    assert failed_list(last) == [dd.uid(1, 1, 3, 1)]
    assert len(stored) == 5


def test_get_with_failures_of_the_receiver(server: Isocenter) -> None:
    bad = dd.uid(1, 1, 1, 2)
    stored, responses = get(
        server,
        "SERIES",
        dd.STUDY_GET,
        [(dd.CT, dd.EXPLICIT)],
        lambda message: 0xA700 if message.command.affected_sop_instance == bad else 0x0000,
        StudyInstanceUID=S11,
        SeriesInstanceUID=SERIES,
    )
    assert len(stored) == 3
    last = responses[-1]
    assert last.command.status == 0xB000
    assert (last.command.completed, last.command.failed, last.command.warning) == (2, 1, 0)
    assert failed_list(last) == [bad]


def test_cancel_of_a_move_whose_destination_is_down(make_server: Callable[..., Isocenter]) -> None:
    """The wait before the next attempt to open the association is no reason to go on waiting."""
    instances = [dd.generate(number=number) for number in range(1, 4)]
    (port,) = free_ports(1)
    peer = {"ae-title": "VIEWER1", "host": "127.0.0.1", "port": port}
    server = make_server({"storage-scu": {"open-retries": 3, "open-retry-wait": "10 min"}, "peer": [peer]})
    store_well(server, instances)
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
    message_id = peer.start_move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instances[0].patient_id), "VIEWER1")
    server.wait_for_log("will try again")
    peer.cancel(message_id, 1)
    final = list(peer.responses(message_id))[-1].command
    assert (final.status, final.remaining, final.failed) == (0xFE00, 3, 0)
    peer.release()


def test_cancel_of_a_get(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in range(1, 21)]
    server = make_server()
    store_well(server, instances)
    peer = get_peer(server, dd.PATIENT_GET, kinds(instances))
    message_id = peer.start_get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID=instances[0].patient_id))
    stores = 0
    while True:
        message = peer.read_message()
        if message.command.command_field == C_STORE_RQ:
            stores += 1
            if stores == 3:
                # The cancel comes while a sub-operation is under way.
                peer.cancel(message_id, 1)
            peer.send_message(message.context, store_rsp(message.command, 0x0000))
        else:
            assert message.command.command_field == C_GET_RSP
            if message.command.status != 0xFF00:
                break
    assert message.command.status == 0xFE00
    assert message.command.completed == stores < 20
    pending, responses = peer.get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID=instances[0].patient_id))
    assert (len(pending), responses[-1].command.status) == (20, 0x0000)
    peer.release()


def test_pynetdicom_gets_a_patient(server: Isocenter) -> None:
    received: dict[str, bytes] = {}

    def on_store(event: evt.Event) -> int:
        received[event.request.AffectedSOPInstanceUID] = event.request.DataSet.getvalue()
        return 0x0000

    expected = [one for one in held() if one.patient_id == "MIXED"]
    proposed = [build_context(dd.PATIENT_GET), *(build_context(sop_class, syntax) for sop_class, syntax in kinds(expected))]
    roles = [build_role(sop_class, scp_role=True) for sop_class in sorted({one.sop_class for one in expected})]
    association = AE("PYNETDICOM").associate(*server.query_address, proposed, ae_title=server.query_title, ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, on_store)])
    assert association.is_established
    request = Dataset()
    request.QueryRetrieveLevel = "PATIENT"
    request.PatientID = "MIXED"
    statuses = [status.Status for status, _ in association.send_c_get(request, dd.PATIENT_GET)]
    association.release()
    assert statuses[-1] == 0x0000
    assert received == {one.sop_instance: one.encoded for one in expected}


def test_get_is_refused_where_it_is_switched_off(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"query-retrieve-scp": {"get": False}})
    peer = server.query_peer(contexts((dd.PATIENT_GET, [dd.IMPLICIT]), (dd.PATIENT_FIND, [dd.IMPLICIT])))
    assert peer.accepted.results == {1: 3, 3: 0}


def test_cfg_010_a_peer_that_takes_nothing_is_let_go(make_server: Callable[..., Isocenter]) -> None:
    """A C-GET whose data nobody reads: the write times out, and the place is free again."""
    server = make_server({"network": {"write-timeout": "1s"}, "query-retrieve-scp": {"associations": 1}, "storage-scp": {"sync": "none"}})
    # More than the buffers of both sockets hold together.
    instances = store_well(server, [dd.generate(pixel_bytes=20_000_000)])
    hung = get_peer(server, dd.PATIENT_GET, kinds(instances))
    hung.start_get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID=instances[0].patient_id))

    def served() -> bool:
        with RawPeer(server.query_address) as peer:
            return isinstance(peer.request(server.query_title, "NEXT", contexts((VERIFICATION, [dd.IMPLICIT]))), Accepted)

    wait_until(served, "a free place")
    hung.close()


def test_a_storage_client_that_goes_away_during_a_get(server: Isocenter) -> None:
    peer = get_peer(server, dd.PATIENT_GET, kinds(held()))
    peer.start_get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID="PAT-1"))
    message = peer.read_message()
    assert message.command.command_field in (C_STORE_RQ, C_GET_RSP)
    peer.abort()
    stored, responses = get(server, "PATIENT", storage=kinds(held()), PatientID="PAT-1")
    assert (len(stored), responses[-1].command.status) == (8, 0x0000)


def test_sil_097_what_arrives_while_an_export_runs_neither_stops_nor_changes_it(make_server: Callable[..., Isocenter]) -> None:
    """A new instance of the study, and another version of one that is still to be sent."""
    instances = [dd.generate(number=number, pixel_bytes=50_000) for number in (1, 2, 3)]
    first, go_on = threading.Event(), threading.Event()

    def hold_the_first(_: Message, __: str) -> int:
        first.set()
        assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold_the_first) as destination:
        server = server_with(make_server, destination, instances)
        peer = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
        message_id = peer.start_move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=instances[0].study), "VIEWER1")
        assert first.wait(60)
        store_well(server, [dd.generate(number=4, pixel_bytes=50_000), dd.generate(number=3, pixel_bytes=50_000, ImageComments="another version")])
        assert len(find(server, "IMAGE", dd.STUDY_FIND, StudyInstanceUID=instances[0].study, SeriesInstanceUID=instances[0].series, SOPInstanceUID="")) == 4
        go_on.set()
        last = list(peer.responses(message_id))[-1].command
        assert (last.status, last.completed) == (0x0000, 3)
        # What was ordered is what was held when it was ordered.
        assert_returned(instances, [message for message, _ in destination.received])
