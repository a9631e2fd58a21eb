"""A peer that was written against PS3.2 annex F alone: what the annex promises is expected, and nothing else is asked.

It is a modality, a workstation and the workstation's own Storage SCP, and speaks as section by section says. It knows
neither this server's settings nor what it does beyond the annex.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

import dicom_data as dd
from raw_peer import APPLICATION_CONTEXT, Message, RawDestination, RawPeer, Rejected, contexts
from server import Isocenter
from test_storage_commitment import COMMITMENT, Listener, ask, read_notification, titles_of

IVLE, EVLE, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"
VERIFICATION = "1.2.840.10008.1.1"
# F.4.2.3.4.1.2: the SOP classes, and whether JPEG Baseline goes with them.
STORAGE = {
    "1.2.840.10008.5.1.4.1.1.6": True,
    "1.2.840.10008.5.1.4.1.1.6.1": True,
    "1.2.840.10008.5.1.4.1.1.3": True,
    "1.2.840.10008.5.1.4.1.1.3.1": True,
    "1.2.840.10008.5.1.4.1.1.1": False,
    "1.2.840.10008.5.1.4.1.1.2": False,
    "1.2.840.10008.5.1.4.1.1.4": False,
    "1.2.840.10008.5.1.4.1.1.7": True,
}
CT, US = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.6.1"
# F.4.2.2.1.
PATIENT_FIND, PATIENT_MOVE = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.1.2"
STUDY_FIND, STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2"
# F.4.2.2.4.1.3: the attributes of each level.
PATIENT = ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "OtherPatientIDs", "OtherPatientNames"]
STUDY = ["StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyInstanceUID", "ReferringPhysicianName", "StudyDescription"]
SERIES = ["Modality", "SeriesNumber", "SeriesInstanceUID", "OperatorsName"]
IMAGE = ["InstanceNumber", "SOPInstanceUID"]

SUCCESS, PENDING, CANCEL = 0x0000, 0xFF00, 0xFE00
OUT_OF_RESOURCES, CANNOT_PERFORM, UNKNOWN_DESTINATION = 0xA700, 0xA702, 0xA801
DOES_NOT_MATCH, UNABLE = 0xA900, 0xC001

EXAM = [
    *(dd.generate(patient=5, series=1, number=number, sop_class=CT, modality="CT") for number in (1, 2, 3)),
    *(dd.generate(patient=5, series=2, number=number, sop_class=US, modality="US", transfer_syntax=JPEG) for number in (1, 2)),
]
FIRST = EXAM[0]


@pytest.fixture(scope="module")
def workstation() -> Iterator[RawDestination]:
    """The workstation's Storage SCP."""
    with RawDestination() as one:
        yield one


@pytest.fixture(scope="module")
def modality_listener() -> Iterator[Listener]:
    """Where the modality takes the notifications that reach it too late for its own association."""
    with Listener() as one:
        yield one


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter], workstation: RawDestination, modality_listener: Listener) -> Isocenter:
    peers = {"WORKSTATION": workstation.port, "MODALITY": modality_listener.port}
    return make_shared_server({"preset": "annex-f", "peer": [{"ae-title": title, "host": "127.0.0.1", "port": port} for title, port in peers.items()]})


@pytest.fixture(scope="module")
def examined(server: Isocenter) -> Isocenter:
    """The server, after a modality has done its work as F.4.2.3.4 says."""
    # All three transfer syntaxes in one context: the most preferred one comes back.
    proposed = contexts((VERIFICATION, [IVLE]), *((one, [IVLE, EVLE, JPEG]) for one in STORAGE))
    with RawPeer(server.store_address).associate(server.store_title, "MODALITY", proposed) as modality:
        assert modality.accepted.application_context == APPLICATION_CONTEXT
        assert modality.accepted.maximum_length == 16384
        assert set(modality.accepted.results.values()) == {0}
        for id_, one in modality.proposed.items():
            if one.abstract_syntax != VERIFICATION:
                assert modality.accepted.syntaxes[id_] == (JPEG if STORAGE[one.abstract_syntax] else EVLE)
        # F.4.2.3.4.1.1: a C-ECHO now and then keeps the association open during an exam.
        for instance in EXAM:
            assert modality.echo() == SUCCESS
            assert modality.store(instance) == SUCCESS
        modality.release()
    return server


@pytest.fixture
def asker(examined: Isocenter) -> Iterator[RawPeer]:
    """An association of the workstation with QUERY-RETRIEVE-SCP, for everything that F.4.2.2.4.1.2 lists."""
    proposed = contexts(*((one, [IVLE]) for one in (VERIFICATION, PATIENT_FIND, PATIENT_MOVE, STUDY_FIND, STUDY_MOVE)))
    peer = RawPeer(examined.query_address).associate(examined.query_title, "WORKSTATION", proposed)
    assert set(peer.accepted.results.values()) == {0}
    yield peer
    peer.release()


def identifier(level: str, keys: dict[str, str]) -> bytes:
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        ds.add_new(keyword, dictionary_VR(keyword) if "*" not in value else "LO", value)
    return dd.encode(ds)


def found(peer: RawPeer, model: str, level: str, **keys: str) -> list[Dataset]:
    pending, last = peer.find(model, identifier(level, keys))
    assert last.status == SUCCESS
    assert {status for status, _ in pending} <= {PENDING}, "all keys that were asked for are in the tables"
    return [dd.decode(answer) for _, answer in pending]


def refused(peer: RawPeer, model: str, level: str, **keys: str) -> int:
    pending, last = peer.find(model, identifier(level, keys))
    assert pending == []
    return last.status


# --- F.4.2.3.4.1.5: storage commitment -----------------------------------------------------------------------------------


def committing(server: Isocenter) -> RawPeer:
    proposed = contexts((VERIFICATION, [IVLE]), (COMMITMENT, [IVLE]), (CT, [EVLE]))
    return RawPeer(server.store_address).associate(server.store_title, "MODALITY", proposed)


def test_what_is_held_is_committed_on_the_association_that_asked(examined: Isocenter) -> None:
    late = dd.generate(patient=6, PatientName="Later^Lena")
    with committing(examined) as modality:
        transaction = ask(modality, [(one.sop_class, one.sop_instance) for one in EXAM])
        notified = read_notification(modality)
        assert (notified.transaction, notified.event_type, notified.failed) == (transaction, 1, {})
        assert {instance for _, instance in notified.committed} == {one.sop_instance for one in EXAM}
        # Nothing is held back for an instance that comes after it was asked for.
        transaction = ask(modality, [(late.sop_class, late.sop_instance), (FIRST.sop_class, FIRST.sop_instance)])
        notified = read_notification(modality)
        assert (notified.transaction, notified.event_type) == (transaction, 2)
        assert notified.failed == {(late.sop_class, late.sop_instance): 0x0112}
        assert notified.committed == [(FIRST.sop_class, FIRST.sop_instance)]
        assert modality.store(late) == SUCCESS
        ask(modality, [(late.sop_class, late.sop_instance)])
        assert read_notification(modality).event_type == 1
        modality.release()


def test_who_leaves_too_early_is_told_on_an_association_of_its_own(examined: Isocenter, modality_listener: Listener) -> None:
    with committing(examined) as modality:
        transactions = {ask(modality, [(one.sop_class, one.sop_instance)]) for one in EXAM[:2]}
        # Gone without an answer to what may be on its way already.
        modality.abort()
    told = [modality_listener.next() for _ in transactions]
    assert {one.transaction for one in told} == transactions
    assert titles_of(modality_listener.requests[-1]) == ("MODALITY", examined.store_title)


# --- F.4.2.2.4.1.3: queries ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("QR-026", "QR-029")
def test_walking_down_patient_root_and_study_root(asker: RawPeer) -> None:
    (patient,) = found(asker, PATIENT_FIND, "PATIENT", **dict.fromkeys(PATIENT, "") | {"PatientName": "Generated*"})
    assert patient.PatientID == FIRST.patient_id and patient.PatientSex == "O"
    (study,) = found(asker, PATIENT_FIND, "STUDY", **dict.fromkeys(STUDY, "") | {"PatientID": patient.PatientID})
    (same,) = found(asker, STUDY_FIND, "STUDY", **dict.fromkeys(PATIENT + STUDY, "") | {"AccessionNumber": study.AccessionNumber})
    assert same.StudyInstanceUID == study.StudyInstanceUID == FIRST.study
    assert same.PatientName == patient.PatientName
    for model, above in ((PATIENT_FIND, {"PatientID": patient.PatientID}), (STUDY_FIND, {})):
        above = above | {"StudyInstanceUID": study.StudyInstanceUID}
        series = found(asker, model, "SERIES", **dict.fromkeys(SERIES, "") | above)
        assert sorted((one.Modality, int(one.SeriesNumber)) for one in series) == [("CT", 1), ("US", 2)]
        for one in series:
            images = found(asker, model, "IMAGE", **dict.fromkeys(IMAGE, "") | above | {"SeriesInstanceUID": one.SeriesInstanceUID})
            held = [instance for instance in EXAM if instance.series == one.SeriesInstanceUID]
            assert {image.SOPInstanceUID for image in images} == {instance.sop_instance for instance in held}
    assert asker.echo() == SUCCESS


def test_nothing_comes_back_that_was_not_asked_for(asker: RawPeer) -> None:
    (answer,) = found(asker, STUDY_FIND, "STUDY", StudyInstanceUID="", PatientID=FIRST.patient_id)
    assert {element.keyword for element in answer} == {"QueryRetrieveLevel", "StudyInstanceUID", "PatientID"}


def test_what_the_annex_refuses(asker: RawPeer) -> None:
    assert refused(asker, PATIENT_FIND, "PATIENT", PatientName="", PatientID="") == UNABLE
    assert refused(asker, PATIENT_FIND, "PATIENT", PatientID="", PatientSex="O") == UNABLE
    assert refused(asker, STUDY_FIND, "STUDY", StudyInstanceUID="", StudyDate="", PatientName="") == UNABLE
    assert refused(asker, STUDY_FIND, "SERIES", SeriesInstanceUID="") == DOES_NOT_MATCH
    assert refused(asker, STUDY_FIND, "NO LEVEL", StudyInstanceUID=FIRST.study) == DOES_NOT_MATCH


def test_a_query_that_nothing_matches_is_a_success(asker: RawPeer) -> None:
    assert found(asker, STUDY_FIND, "STUDY", StudyInstanceUID="1.2.3", PatientName="") == []


# --- F.4.2.2.4.1.4: retrieves --------------------------------------------------------------------------------------------


def counts(message: Message) -> tuple[int, int, int, int]:
    command = message.command
    return command.get("remaining", 0), command.completed, command.failed, command.warning


ORDERS = [
    (PATIENT_MOVE, "STUDY", {"PatientID": FIRST.patient_id, "StudyInstanceUID": FIRST.study}, EXAM),
    (STUDY_MOVE, "STUDY", {"StudyInstanceUID": FIRST.study}, EXAM),
    (STUDY_MOVE, "STUDY", {"StudyInstanceUID": f"{FIRST.study}\\1.2.3.4"}, EXAM),
    (STUDY_MOVE, "SERIES", {"StudyInstanceUID": FIRST.study, "SeriesInstanceUID": FIRST.series}, EXAM[:3]),
    (STUDY_MOVE, "SERIES", {"StudyInstanceUID": FIRST.study, "SeriesInstanceUID": f"{FIRST.series}\\{EXAM[3].series}"}, EXAM),
    (STUDY_MOVE, "IMAGE", {"StudyInstanceUID": FIRST.study, "SeriesInstanceUID": FIRST.series, "SOPInstanceUID": f"{EXAM[0].sop_instance}\\{EXAM[2].sop_instance}"}, [EXAM[0], EXAM[2]]),
]


@pytest.mark.requirement("QR-079", "QR-082", "QR-085", "QR-089", "QR-095")
@pytest.mark.parametrize(("model", "level", "keys", "meant"), ORDERS, ids=[f"{number} {level}" for number, (_, level, *_rest) in enumerate(ORDERS)])
def test_an_order_is_confirmed_reported_image_by_image_and_ended(
    asker: RawPeer, workstation: RawDestination, model: str, level: str, keys: dict[str, str], meant: list[dd.Instance]
) -> None:
    before, associations = len(workstation.received), len(workstation.requests)
    first, *pending, last = asker.move(model, identifier(level, keys), "WORKSTATION")
    total = len(meant)
    assert (first.command.status, counts(first)) == (PENDING, (total, 0, 0, 0))
    assert [(one.command.status, counts(one)) for one in pending] == [(PENDING, (total - done, done, 0, 0)) for done in range(1, total)]
    assert (last.command.status, counts(last)) == (SUCCESS, (0, total, 0, 0))
    came = {message.command.affected_sop_instance: message.data_set for message, _ in workstation.received[before:]}
    assert came == {one.sop_instance: one.encoded for one in meant}
    # F.4.2.1.3.1: one new association for the order; each context with one transfer syntax.
    assert len(workstation.requests) == associations + 1
    assert all(len(one.transfer_syntaxes) == 1 and one.abstract_syntax in STORAGE for one in workstation.proposals[-1])
    assert workstation.requests[-1][20:36].decode().strip() not in ("", "WORKSTATION")


def test_orders_that_the_annex_refuses(asker: RawPeer, workstation: RawDestination) -> None:
    before = len(workstation.requests)
    for expected, to, level, keys in [
        (UNKNOWN_DESTINATION, "NOBODY", "STUDY", {"StudyInstanceUID": FIRST.study}),
        # A list at another level than that of the request.
        (DOES_NOT_MATCH, "WORKSTATION", "SERIES", {"StudyInstanceUID": f"{FIRST.study}\\1.2.3", "SeriesInstanceUID": FIRST.series}),
        (DOES_NOT_MATCH, "WORKSTATION", "STUDY", {"StudyInstanceUID": ""}),
    ]:
        (only,) = asker.move(STUDY_MOVE, identifier(level, keys), to)
        assert only.command.status == expected
    assert len(workstation.requests) == before


def test_the_first_image_that_cannot_be_stored_ends_the_order(asker: RawPeer, workstation: RawDestination, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(workstation.received)
    monkeypatch.setattr(workstation, "_on_store", lambda *_: OUT_OF_RESOURCES if len(workstation.received) == before + 2 else SUCCESS)
    *pending, last = asker.move(STUDY_MOVE, identifier("STUDY", {"StudyInstanceUID": FIRST.study}), "WORKSTATION")
    assert [one.command.status for one in pending] == [PENDING, PENDING]
    assert last.command.status == CANNOT_PERFORM
    assert len(workstation.received) == before + 2


@pytest.mark.parametrize("warning", [0xB000, 0xB006, 0xB007, 0x0107, 0x0116])
def test_warnings_of_the_workstation_are_successes(asker: RawPeer, workstation: RawDestination, monkeypatch: pytest.MonkeyPatch, warning: int) -> None:
    monkeypatch.setattr(workstation, "_on_store", lambda *_: warning)
    last = asker.move(STUDY_MOVE, identifier("SERIES", {"StudyInstanceUID": FIRST.study, "SeriesInstanceUID": FIRST.series}), "WORKSTATION")[-1]
    assert last.command.status == SUCCESS


# --- F.4.2.2.2 and F.4.2.3.2: associations -------------------------------------------------------------------------------


def test_ten_associations_and_no_eleventh(examined: Isocenter) -> None:
    peers = [RawPeer(examined.query_address).associate(examined.query_title, "WORKSTATION", contexts((VERIFICATION, [IVLE]))) for _ in range(10)]
    with RawPeer(examined.query_address) as eleventh:
        assert eleventh.request(examined.query_title, "WORKSTATION", contexts((VERIFICATION, [IVLE]))) == Rejected(2, 3, 2)
    assert [peer.echo() for peer in peers] == [SUCCESS] * 10
    for peer in peers:
        peer.release()


def test_an_association_that_nothing_can_be_done_with_is_rejected(examined: Isocenter) -> None:
    for address, title in ((examined.query_address, examined.query_title), (examined.store_address, examined.store_title)):
        for called, proposed, application, expected in [
            (title, contexts(("1.2.3.4", [IVLE])), APPLICATION_CONTEXT, 1),
            (title, contexts((VERIFICATION, [IVLE])), "1.2.3.4", 1),
            ("NOT_THIS_ONE", contexts((VERIFICATION, [IVLE])), APPLICATION_CONTEXT, 1),
        ]:
            with RawPeer(address) as peer:
                answer = peer.request(called, "WORKSTATION", proposed, application_context=application)
                assert isinstance(answer, Rejected) and answer.result == expected
