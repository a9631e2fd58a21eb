"""The two presets side by side: the same is asked of both, and each answers as its own book says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

import dicom_data as dd
from exchanges import PENDING, PENDING_UNSUPPORTED, store_well
from raw_peer import VERIFICATION, Accepted, RawDestination, RawPeer, Rejected, contexts
from server import Isocenter

PRESETS = ["annex-f", "standard"]
OF_PAT_1 = {"PatientID": "PAT-1", "StudyInstanceUID": ""}
SERIES_OF_PAT_3 = {"PatientID": "PAT-3", "StudyInstanceUID": dd.uid(3, 1), "SeriesInstanceUID": ""}


@dataclass(frozen=True)
class Answer:
    """How a query ends, how many matches it has, and with which status each comes."""

    final: int = 0x0000
    matches: int = 0
    pending: int = PENDING


REFUSED, UNABLE = Answer(0xA900), Answer(0xC001)

# Requirement, what is asked (level, model, keys), what annex-f answers, what standard answers.
QUERIES: list[tuple[str, tuple[str, str, dict[str, object]], Answer, Answer]] = [
    ("DIF-015", ("STUDY", dd.PATIENT_FIND, OF_PAT_1 | {"StudyTime": "081500"}), UNABLE, Answer(matches=1)),
    ("DIF-016", ("SERIES", dd.PATIENT_FIND, SERIES_OF_PAT_3 | {"SeriesNumber": "1*"}), Answer(matches=1), Answer()),
    ("DIF-017", ("SERIES", dd.PATIENT_FIND, SERIES_OF_PAT_3 | {"Modality": "O*"}), UNABLE, Answer(matches=1)),
    ("DIF-017", ("STUDY", dd.STUDY_FIND, OF_PAT_1 | {"PatientSex": "?"}), UNABLE, Answer(matches=2)),
    ("DIF-017", ("PATIENT", dd.PATIENT_FIND, {"PatientID": "PAT-1", "PatientBirthDate": "19600101-19701231"}), UNABLE, Answer(matches=1)),
    ("DIF-019", ("SERIES", dd.PATIENT_FIND, SERIES_OF_PAT_3 | {"OtherPatientIDs": ""}), Answer(matches=2, pending=PENDING_UNSUPPORTED), Answer(matches=2)),
    ("DIF-019", ("PATIENT", dd.PATIENT_FIND, {"PatientID": "PAT-1", "NumberOfPatientRelatedStudies": "5"}), Answer(matches=1, pending=PENDING_UNSUPPORTED), Answer(matches=1, pending=PENDING_UNSUPPORTED)),
    ("SIL-045", ("SERIES", dd.PATIENT_FIND, SERIES_OF_PAT_3 | {"OperatorsName": "Tech^One"}), Answer(matches=2), Answer(matches=2)),
    ("QR-030", ("STUDY", dd.STUDY_FIND, {"StudyInstanceUID": "", "StudyDate": ""}), UNABLE, Answer(matches=5)),
    ("QR-028", ("PATIENT", dd.PATIENT_FIND, {"PatientID": "", "PatientName": ""}), UNABLE, Answer(matches=4)),
    ("QR-027", ("PATIENT", dd.PATIENT_FIND, {"PatientID": "*", "PatientSex": "M"}), UNABLE, Answer(matches=2)),
    ("QR-023", ("SERIES", dd.PATIENT_FIND, {"SeriesInstanceUID": "", "StudyInstanceUID": dd.uid(3, 1)}), REFUSED, Answer(matches=2)),
    ("SIL-036", ("SERIES", dd.STUDY_FIND, {"SeriesInstanceUID": "", "StudyInstanceUID": [dd.uid(3, 1), dd.uid(2, 1)]}), REFUSED, Answer(matches=3)),
    ("SIL-036", ("STUDY", dd.PATIENT_FIND, OF_PAT_1 | {"PatientName": "Nobody"}), Answer(matches=2, pending=PENDING_UNSUPPORTED), Answer()),
    ("SIL-037", ("STUDY", dd.PATIENT_FIND, OF_PAT_1 | {"Modality": "CT"}), Answer(matches=2, pending=PENDING_UNSUPPORTED), Answer(matches=2, pending=PENDING_UNSUPPORTED)),
    ("SIL-038", ("STUDY", dd.PATIENT_FIND, {"PatientID": "PAT-1"}), Answer(matches=2), Answer(matches=2)),
    ("SIL-039", ("PATIENT", dd.STUDY_FIND, {"PatientID": "PAT-1"}), REFUSED, REFUSED),
    ("SIL-041", ("STUDY", dd.PATIENT_FIND, OF_PAT_1 | {"AccessionNumber": "ACC-100\\ACC-101"}), REFUSED, Answer(matches=2)),
    ("QR-078", ("STUDY", dd.PATIENT_FIND, OF_PAT_1 | {"ModalitiesInStudy": ""}), Answer(matches=2, pending=PENDING_UNSUPPORTED), Answer(matches=2)),
]


@pytest.fixture(scope="module", params=PRESETS)
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    started = make_shared_server({"preset": request.param})
    store_well(started, [one for one in dd.tree() if one.sop_class in dd.ANNEX_F_CLASSES])
    return started


def identifier(level: str, keys: dict[str, object]) -> bytes:
    """As text throughout: pydicom would not write a wild card as an IS."""
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        ds.add_new(keyword, "UI" if dictionary_VR(keyword) == "UI" else "LO", value)
    return dd.encode(ds)


def is_annex_f(server: Isocenter) -> bool:
    return server.settings["preset"] == "annex-f"


@pytest.mark.parametrize(
    ("asked", "annex_f", "standard"),
    [pytest.param(*row, marks=pytest.mark.requirement(id_), id=f"{id_} {row[0][0]} {' '.join(row[0][2])}") for id_, *row in QUERIES],
)
def test_each_preset_answers_a_query_as_its_own_book_says(server: Isocenter, asked: tuple[str, str, dict[str, object]], annex_f: Answer, standard: Answer) -> None:
    level, model, keys = asked
    expected = annex_f if is_annex_f(server) else standard
    with server.query_peer(contexts((model, [dd.IMPLICIT]))) as peer:
        pending, last = peer.find(model, identifier(level, keys))
        peer.release()
    assert (last.status, len(pending)) == (expected.final, expected.matches)
    assert {status for status, _ in pending} <= {expected.pending}


@pytest.mark.requirement("DIF-018", "QR-024")
def test_what_an_answer_holds_unasked(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT]))) as peer:
        pending, _ = peer.find(dd.PATIENT_FIND, identifier("STUDY", OF_PAT_1))
        peer.release()
    asked = {"QueryRetrieveLevel", "PatientID", "StudyInstanceUID"}
    for _, answer in pending:
        unasked = {element.keyword for element in dd.decode(answer)} - asked
        assert unasked == (set() if is_annex_f(server) else {"RetrieveAETitle", "InstanceAvailability"})


@pytest.mark.requirement("DIF-002")
def test_verification_is_answered_at_query_retrieve_too(server: Isocenter) -> None:
    for associate in (server.query_peer, server.storage_peer):
        assert associate(contexts((VERIFICATION, [dd.IMPLICIT]))).echo() == 0x0000


@pytest.mark.requirement("DIF-011")
def test_the_longest_pdu_that_is_asked_for(server: Isocenter) -> None:
    for associate in (server.query_peer, server.storage_peer):
        assert associate(contexts((VERIFICATION, [dd.IMPLICIT]))).accepted.maximum_length == (16384 if is_annex_f(server) else 131072)


@pytest.mark.requirement("DIF-003")
def test_classes_beside_the_table(server: Isocenter) -> None:
    proposed = contexts((dd.NM_RETIRED, [dd.IMPLICIT]), (dd.NM_RETIRED, [dd.EXPLICIT]), (dd.VL_ENDOSCOPIC, [dd.JPEG_BASELINE]), (dd.KEY_OBJECT, [dd.EXPLICIT]))
    accepted = server.storage_peer(proposed).accepted.results
    assert accepted == ({1: 0, 3: 4, 5: 3, 7: 3} if is_annex_f(server) else {1: 0, 3: 0, 5: 0, 7: 0})


@pytest.mark.requirement("QR-011", "SCP-011", "SIL-016")
def test_nothing_that_is_acceptable(server: Isocenter) -> None:
    for address, called in ((server.store_address, server.store_title), (server.query_address, server.query_title)):
        with RawPeer(address) as peer:
            answer = peer.request(called, "RAW_SCU", contexts(("1.2.3.4", [dd.IMPLICIT])))
            assert answer == Rejected(1, 1, 1) if is_annex_f(server) else isinstance(answer, Accepted) and answer.results == {1: 3}


@pytest.mark.requirement("QR-019", "SCP-017")
def test_another_title_than_ours(server: Isocenter) -> None:
    for address in (server.store_address, server.query_address):
        with RawPeer(address) as peer:
            answer = peer.request("SOMEONE_ELSE", "RAW_SCU", contexts((VERIFICATION, [dd.IMPLICIT])))
            assert answer == Rejected(1, 1, 7) if is_annex_f(server) else isinstance(answer, Accepted)


@pytest.mark.requirement("SCP-022")
def test_the_syntax_that_is_taken_of_several(server: Isocenter) -> None:
    peer = server.storage_peer(contexts((dd.US, [dd.IMPLICIT, dd.EXPLICIT, dd.JPEG_BASELINE])))
    assert peer.accepted.syntaxes == {1: dd.JPEG_BASELINE if is_annex_f(server) else dd.IMPLICIT}


# --- C-MOVE --------------------------------------------------------------------------------------------------------------

SECOND_FAILS = {2: 0xA700}
# Requirement, what the destination answers to which instance, (final status, completed, failed, warning, sent, responses).
RETRIEVES = [
    ("QR-084", {}, (0x0000, 4, 0, 0, 4, 5), (0x0000, 4, 0, 0, 4, 4)),
    ("DIF-004", SECOND_FAILS, (0xA702, 1, 3, 0, 2, 3), (0xB000, 3, 1, 0, 4, 4)),
    ("DIF-014", SECOND_FAILS, (0xA702, 1, 3, 0, 2, 3), (0xB000, 3, 1, 0, 4, 4)),
    ("QR-087", {1: 0xA700}, (0xA702, 0, 4, 0, 1, 2), (0xB000, 3, 1, 0, 4, 4)),
    ("DIF-013", {1: 0xB000}, (0x0000, 3, 0, 1, 4, 5), (0xB000, 3, 0, 1, 4, 4)),
    ("DIF-022", {1: 0x0107, 2: 0x0116}, (0x0000, 2, 0, 2, 4, 5), (0xB000, 2, 0, 2, 4, 4)),
    ("DIF-022", {1: 0xB001}, (0xA702, 0, 4, 0, 1, 2), (0xB000, 3, 0, 1, 4, 4)),
    ("SCU-035", {1: 0x0001}, (0xA702, 0, 4, 0, 1, 2), (0xB000, 3, 0, 1, 4, 4)),
]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("answers", "annex_f", "standard"), [pytest.param(*row, marks=pytest.mark.requirement(id_), id=id_) for id_, *row in RETRIEVES])
def test_each_preset_ends_a_retrieve_as_its_own_book_says(
    make_server: Callable[..., Isocenter], preset: str, answers: dict[int, int], annex_f: tuple[int, ...], standard: tuple[int, ...]
) -> None:
    with RawDestination(on_store=lambda *_: answers.get(len(destination.received), 0x0000)) as destination:
        server = make_server({"preset": preset, "peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        instances = store_well(server, [dd.generate(number=number) for number in range(1, 5)])
        with server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT]))) as peer:
            responses = peer.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=instances[0].study), "VIEWER1")
            peer.release()
        destination.wait_for_release()
        last = responses[-1].command
        got = (last.status, last.completed, last.failed, last.warning, len(destination.received), len(responses))
        assert got == (annex_f if preset == "annex-f" else standard)
