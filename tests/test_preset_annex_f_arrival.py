"""`preset = "annex-f"`: what STORAGE-SCP changes, checks and refuses when an instance arrives (PS3.2 F.4.2.3.4.1.4, F.8.1.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import find, store, store_well
from raw_peer import Message, RawDestination, contexts
from server import Isocenter
from test_storage_commitment import ask, asking_contexts, of, read_notification

REPLACE = {"storage-scp": {"duplicates": "replace"}}
WARN = {"storage-scp": {"coercion-answer": "warning"}}
KEEP_REJECTED = {"storage-scp": {"keep-rejected": "1 MiB"}}
DEFAULTS = {
    "storage-scp": {
        "default-patient-name": "Unknown^Unknown", "default-patient-id": "NOID", "default-patient-birth-date": "19000101",
        "default-study-date": "19000102", "default-accession-number": "NOACC", "default-modality": "OT",
    }
}


def annex_f(make_server: Callable[..., Isocenter], destination: RawDestination | None = None, **more: object) -> Isocenter:
    peers = [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}] if destination else []
    return make_server({"preset": "annex-f", "peer": peers, **more})


def images(server: Isocenter, instance: dd.Instance) -> set[str]:
    keys = {"StudyInstanceUID": instance.study, "SeriesInstanceUID": instance.series, "SOPInstanceUID": "", "InstanceNumber": ""}
    return {str(one.SOPInstanceUID) for one in find(server, "IMAGE", dd.STUDY_FIND, **keys)}


def moved(server: Isocenter, destination: RawDestination, study: str) -> dict[str, dd.Dataset]:
    """What arrives of a study: data sets by SOP Instance UID."""
    before = len(destination.received)
    peer = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
    assert peer.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=study), "VIEWER1")[-1].command.status == 0x0000
    peer.release()
    return {message.command.affected_sop_instance: dd.decode(message.data_set, syntax) for message, syntax in destination.received[before:]}


# --- The same SOP Instance UID again -------------------------------------------------------------------------------------


@pytest.mark.requirement("CFG-041", "IOD-029", "SIL-075")
@pytest.mark.parametrize("comment", ["the same", "another"])
def test_scp_041_the_newcomer_gets_a_uid_of_its_own_and_both_are_kept(make_server: Callable[..., Isocenter], comment: str) -> None:
    first, second = dd.generate(ImageComments="the same"), dd.generate(ImageComments=comment)
    with RawDestination() as destination:
        server = annex_f(make_server, destination)
        assert store(server, [first, second]) == [0x0000, 0x0000]
        held = images(server, first)
        assert len(held) == 2 and first.sop_instance in held
        came = moved(server, destination, first.study)
        assert set(came) == held
        (new_uid,) = held - {first.sop_instance}
        assert came[first.sop_instance].ImageComments == "the same"
        assert came[new_uid].ImageComments == comment
        assert came[new_uid].SOPInstanceUID == new_uid
        # Nothing else was changed.
        assert came[new_uid].PixelData == second.data_set.PixelData
        for element in dd.decode(second.encoded, second.transfer_syntax):
            if element.keyword not in ("SOPInstanceUID", "OriginalAttributesSequence", "InstanceCoercionDateTime"):
                assert came[new_uid][element.tag].value == element.value, element.keyword


@pytest.mark.requirement("CFG-041", "SIL-097")
def test_scp_042_the_newcomer_replaces_where_that_is_set(make_server: Callable[..., Isocenter]) -> None:
    first, second = dd.generate(ImageComments="first"), dd.generate(ImageComments="second")
    with RawDestination() as destination:
        server = annex_f(make_server, destination, **REPLACE)
        assert store(server, [first, second]) == [0x0000, 0x0000]
        assert images(server, first) == {first.sop_instance}
        (came,) = moved(server, destination, first.study).values()
        assert came.ImageComments == "second"


@pytest.mark.requirement("SIL-097")
def test_scp_042_what_is_replaced_while_an_export_runs_is_sent_as_it_was_ordered(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2, 3)]
    first, go_on = threading.Event(), threading.Event()

    def hold_the_first(_: Message, __: str) -> int:
        first.set()
        assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold_the_first) as destination:
        server = annex_f(make_server, destination, **REPLACE)
        store_well(server, instances)
        peer = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
        message_id = peer.start_move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=instances[0].study), "VIEWER1")
        assert first.wait(60)
        store_well(server, [dd.generate(number=3, ImageComments="another")])
        go_on.set()
        last = list(peer.responses(message_id))[-1].command
        assert (last.status, last.completed) == (0x0000, 3)
        came = [dd.decode(message.data_set, syntax) for message, syntax in destination.received]
        assert not any("another" in str(one.get("ImageComments")) for one in came)
    # It is not destroyed, and somebody is told.
    server.wait_for_log("replaced an instance.*set-aside")
    assert [path for path in (server.data / "set-aside").rglob("*.dcm")]


@pytest.mark.requirement("IOD-029")
def test_sil_077_what_is_sent_says_what_it_was_before(make_server: Callable[..., Isocenter]) -> None:
    first, second = dd.generate(ImageComments="first"), dd.generate(ImageComments="second")
    with RawDestination() as destination:
        server = annex_f(make_server, destination, corrections={"original-attributes": True})
        store_well(server, [first, second])
        came = moved(server, destination, first.study)
        (before,) = came.pop(next(uid for uid in came if uid != first.sop_instance)).OriginalAttributesSequence
        assert before.ReasonForTheAttributeModification == "COERCE"
        assert before.SourceOfPreviousValues == "RAW_SCU"
        assert before.AttributeModificationDateTime
        assert before.ModifiedAttributesSequence[0].SOPInstanceUID == first.sop_instance
        # What was not changed says nothing.
        (unchanged,) = came.values()
        assert "OriginalAttributesSequence" not in unchanged
    # What is held is what came.
    kept = [path.read_bytes() for path in server.vault_files()]
    assert len(kept) == 2 and all(any(bytes_.endswith(one.encoded) for bytes_ in kept) for one in (first, second))


def test_sil_091_a_newcomer_is_committed_by_the_older_one_of_its_uid(make_server: Callable[..., Isocenter]) -> None:
    """PS3.4 J.3.3: the UID is all that the peer knows."""
    first, second = dd.generate(ImageComments="first"), dd.generate(ImageComments="second")
    server = annex_f(make_server)
    peer = server.storage_peer(asking_contexts([first, second]), "MODALITY")
    assert [peer.store(one) for one in (first, second)] == [0x0000, 0x0000]
    transaction = ask(peer, of([second]))
    notified = read_notification(peer)
    assert (notified.transaction, notified.committed, notified.failed) == (transaction, of([first]), {})
    peer.release()


# --- Patients ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("IOD-002", "SIL-076")
def test_scp_043_two_names_are_two_patients(make_server: Callable[..., Isocenter]) -> None:
    first = dd.generate(patient=1, PatientID="SAME", PatientName="Adams^Ann")
    second = dd.generate(patient=2, PatientID="SAME", PatientName="Baker^Bob")
    third = dd.generate(patient=2, number=2, PatientID="SAME", PatientName="Baker^Bob")
    with RawDestination() as destination:
        server = annex_f(make_server, destination)
        store_well(server, [first, second, third])
        (ann,) = find(server, "PATIENT", PatientID="", PatientName="Adams*")
        (bob,) = find(server, "PATIENT", PatientID="", PatientName="Baker*")
        assert ann.PatientID == "SAME"
        assert bob.PatientID not in ("SAME", "") and len(bob.PatientID) <= 64
        # Both images of the other patient are his, and leave under his ID.
        assert {one.PatientID for one in moved(server, destination, second.study).values()} == {bob.PatientID}
        assert len(images(server, second)) == 2


def test_scp_052_cfg_042_coercion_is_a_success_unless_a_warning_is_asked_for(make_server: Callable[..., Isocenter]) -> None:
    for more, expected in (({}, 0x0000), (WARN, 0xB000)):
        server = annex_f(make_server, **more)
        assert store(server, [dd.generate(), dd.generate(ImageComments="coerced"), dd.generate(number=2)]) == [0x0000, expected, 0x0000]


NAMES = {
    "Last^First": "Last^First",
    "Last, First": "Last^First",
    "Last First": "Last First",
    "Last^First^Middle^Prefix^Suffix": "Last^First",
    "L" * 70 + "^" + "F" * 70: "L" * 64 + "^" + "F" * 64,
}


@pytest.mark.parametrize("name", NAMES)
def test_iod_001_sil_052_names_are_two_parts(make_server: Callable[..., Isocenter], name: str) -> None:
    server = annex_f(make_server)
    store_well(server, [dd.generate(PatientName=name)])
    (found,) = find(server, "PATIENT", PatientID="P0001", PatientName="")
    assert str(found.PatientName) == NAMES[name]


@pytest.mark.parametrize(("sex", "answered"), [("M", "M"), ("male", "M"), ("f", "F"), ("O", "O"), ("o", "O"), ("X", "U"), ("", "U")])
def test_iod_004_sil_052_sex_is_a_letter_and_u_goes_nowhere(make_server: Callable[..., Isocenter], sex: str, answered: str) -> None:
    instance = dd.generate(PatientSex=sex)
    with RawDestination() as destination:
        server = annex_f(make_server, destination)
        store_well(server, [instance])
        (found,) = find(server, "PATIENT", PatientID="P0001", PatientSex="")
        assert found.PatientSex == answered
        (came,) = moved(server, destination, instance.study).values()
        assert (came.PatientSex or "") == answered.replace("U", "")


@pytest.mark.requirement("IOD-001", "IOD-002", "IOD-003", "IOD-006", "IOD-008", "IOD-010")
def test_cfg_044_empty_values_get_the_defaults_that_are_set(make_server: Callable[..., Isocenter]) -> None:
    empty = {"PatientName": "", "PatientID": "", "PatientBirthDate": "", "StudyDate": "", "AccessionNumber": "", "Modality": ""}
    server = annex_f(make_server, **DEFAULTS)
    store_well(server, [dd.generate(patient=1, **empty), dd.generate(patient=2)])
    (patient,) = find(server, "PATIENT", PatientID="NOID", PatientName="", PatientBirthDate="")
    assert (str(patient.PatientName), patient.PatientBirthDate) == ("Unknown^Unknown", "19000101")
    (study,) = find(server, "STUDY", PatientID="NOID", StudyInstanceUID="", StudyDate="", AccessionNumber="")
    assert (study.StudyDate, study.AccessionNumber) == ("19000102", "NOACC")
    (series,) = find(server, "SERIES", PatientID="NOID", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID="", Modality="")
    assert series.Modality == "OT"
    # What has a value keeps it.
    (other,) = find(server, "PATIENT", PatientID="P0002", PatientName="", PatientBirthDate="")
    assert (str(other.PatientName), other.PatientBirthDate) == ("Generated^Patient2", "19700131")


@pytest.mark.parametrize(("modality", "answered"), [("MR", "MR"), ("ECHO", ""), ("X", "")])
def test_iod_010_sil_052_a_modality_has_two_characters(make_server: Callable[..., Isocenter], modality: str, answered: str) -> None:
    instance = dd.generate(Modality=modality)
    with RawDestination() as destination:
        server = annex_f(make_server, destination)
        store_well(server, [instance])
        (series,) = find(server, "SERIES", dd.STUDY_FIND, StudyInstanceUID=instance.study, SeriesInstanceUID="", Modality="")
        assert (series.Modality or "") == answered
        # It cannot be without one (PS3.3 C.7.3.1): it leaves as it came.
        assert [one.Modality for one in moved(server, destination, instance.study).values()] == [modality]


# --- What is not taken ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SCP-050")
@pytest.mark.parametrize(
    "keyword",
    [
        pytest.param("PhotometricInterpretation", marks=pytest.mark.requirement("IOD-017")),
        pytest.param("BitsAllocated", marks=pytest.mark.requirement("IOD-018")),
        pytest.param("BitsStored", marks=pytest.mark.requirement("IOD-019")),
    ],
)
def test_an_image_that_cannot_be_displayed_is_a900(make_server: Callable[..., Isocenter], keyword: str) -> None:
    server = annex_f(make_server)
    good, bad = dd.generate(number=1), dd.generate(number=2, **{keyword: None})
    assert store(server, [good, bad]) == [0x0000, 0xA900]
    assert images(server, good) == {good.sop_instance}
    server.wait_for_log(f"A900.*{bad.sop_instance}|{bad.sop_instance}.*A900")


@pytest.mark.requirement("SCP-050", "SCP-051")
def test_cfg_043_what_is_refused_is_kept_for_diagnosis_where_that_is_set(make_server: Callable[..., Isocenter]) -> None:
    for more, kept in (({}, False), (KEEP_REJECTED, True)):
        server = annex_f(make_server, **more)
        cut = dd.generate(number=1)
        cut = cut.with_bytes(cut.encoded[:-20])
        assert store(server, [cut]) == [0xC000]
        rejected = [path for path in server.data.rglob("*") if path.is_file() and cut.encoded in path.read_bytes()]
        assert bool(rejected) == kept
        assert server.vault_files() == []


def test_none_of_it_is_done_under_standard(make_server: Callable[..., Isocenter]) -> None:
    first = dd.generate(patient=1, PatientID="SAME", PatientName="Adams^Ann^Middle", PatientSex="male", Modality="ECHO")
    other = dd.generate(patient=2, PatientID="SAME", PatientName="Baker^Bob", PhotometricInterpretation=None)
    with RawDestination() as destination:
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        store_well(server, [first, first, other])
        assert images(server, first) == {first.sop_instance}
        (patient,) = find(server, "PATIENT", PatientID="SAME", PatientName="", PatientSex="")
        assert (str(patient.PatientName), patient.PatientSex) == ("Adams^Ann^Middle", "male")
        moved(server, destination, first.study)
        moved(server, destination, other.study)
        assert [message.data_set for message, _ in destination.received] == [first.encoded, other.encoded]
