"""QUERY-RETRIEVE-SCP, C-FIND (PS3.4 annex C): the answers are what pydicom reads in the instances that were stored."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

import pytest
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName
from pynetdicom import AE

import dicom_data as dd
from dicom_data import Instance
from exchanges import PENDING, PENDING_UNSUPPORTED, find, find_statuses, storage_contexts, store_well
from raw_peer import ABORT, P_DATA, RELEASE_RP, RELEASE_RQ, VERIFICATION, command_set, contexts, pdu
from server import Isocenter

PATIENT_KEYS = [
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "OtherPatientNames",
    "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances",
]
STUDY_KEYS = [
    "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyInstanceUID", "ReferringPhysicianName", "StudyDescription",
    "ModalitiesInStudy", "SOPClassesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
]
SERIES_KEYS = ["Modality", "SeriesNumber", "SeriesInstanceUID", "OperatorsName", "SeriesDescription", "BodyPartExamined", "NumberOfSeriesRelatedInstances"]
IMAGE_KEYS = ["InstanceNumber", "SOPInstanceUID", "SOPClassUID"]

MODELS = {
    dd.PATIENT_FIND: ["PATIENT", "STUDY", "SERIES", "IMAGE"],
    dd.STUDY_FIND: ["STUDY", "SERIES", "IMAGE"],
    dd.PATIENT_STUDY_ONLY_FIND: ["PATIENT", "STUDY"],
}
MODEL_NAMES = {dd.PATIENT_FIND: "P", dd.STUDY_FIND: "S", dd.PATIENT_STUDY_ONLY_FIND: "O"}


@pytest.fixture(scope="module", params=["process", "thread"])
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    started = make_shared_server({"isolation": request.param})
    store_well(started, dd.tree())
    return started


# --- What has to come ------------------------------------------------------------------------------------------------


def plain(value: object) -> object:
    """A value as it can be compared: text without padding, lists sorted."""
    if value is None:
        return ""
    if isinstance(value, MultiValue | list):
        return sorted(str(one) for one in value)
    if isinstance(value, PersonName):
        return str(value)
    return str(value).strip()


def read_back(instances: Iterable[Instance]) -> list[Dataset]:
    """The instances as pydicom reads them."""
    return [dd.decode(one.encoded, one.transfer_syntax) for one in instances]


def group(data_sets: list[Dataset], *keywords: str) -> dict[tuple[str, ...], list[Dataset]]:
    groups: dict[tuple[str, ...], list[Dataset]] = {}
    for one in data_sets:
        groups.setdefault(tuple(str(one[keyword].value) for keyword in keywords), []).append(one)
    return groups


def expected_values(members: list[Dataset], keys: list[str]) -> dict[str, object]:
    """The values that the answer for an entity has to hold, from the instances below it."""
    derived = {
        "NumberOfPatientRelatedStudies": lambda: len({one.StudyInstanceUID for one in members}),
        "NumberOfPatientRelatedSeries": lambda: len({one.SeriesInstanceUID for one in members}),
        "NumberOfPatientRelatedInstances": lambda: len(members),
        "NumberOfStudyRelatedSeries": lambda: len({one.SeriesInstanceUID for one in members}),
        "NumberOfStudyRelatedInstances": lambda: len(members),
        "NumberOfSeriesRelatedInstances": lambda: len(members),
        "ModalitiesInStudy": lambda: sorted({str(one.Modality) for one in members}),
        "SOPClassesInStudy": lambda: sorted({str(one.SOPClassUID) for one in members}),
    }
    values = {}
    for key in keys:
        value = derived[key]() if key in derived else members[0].get(key)
        values[key] = plain(value)
    return values


def answered_values(answer: Dataset, keys: list[str]) -> dict[str, object]:
    values = {}
    for key in keys:
        assert key in answer, f"{key} is missing in\n{answer}"
        value = plain(answer[key].value)
        values[key] = [value] if key in ("ModalitiesInStudy", "SOPClassesInStudy") and isinstance(value, str) else value
    return values


def assert_answers(answers: list[Dataset], expected: list[dict[str, object]], keys: list[str]) -> None:
    def order(one: dict[str, object]) -> str:
        return repr(sorted(one.items(), key=lambda pair: pair[0]))

    got = [answered_values(answer, keys) for answer in answers]
    assert sorted(got, key=order) == sorted(expected, key=order)


@pytest.mark.requirement("SCP-040", "DIF-008", "IOD-007", "IOD-012")
@pytest.mark.parametrize("model", MODELS, ids=MODEL_NAMES.get)
def test_sil_047_all_keys_of_all_levels(server: Isocenter, model: str) -> None:
    held = read_back(dd.tree())
    patient_keys = PATIENT_KEYS
    if "PATIENT" in MODELS[model]:
        expected = [expected_values(members, patient_keys) for members in group(held, "PatientID").values()]
        answers = find(server, "PATIENT", model, **dict.fromkeys(patient_keys, ""))
        assert_answers(answers, expected, patient_keys)
    # In Study Root the patient's attributes stand at the level STUDY (PS3.4 C.6.2.1).
    at_study = STUDY_KEYS + (["PatientName", "PatientID", "PatientBirthDate", "PatientSex"] if model == dd.STUDY_FIND else [])
    for (patient_id,), of_patient in group(held, "PatientID").items():
        above = {} if model == dd.STUDY_FIND else {"PatientID": patient_id}
        asked = dict.fromkeys(at_study, "") | ({"PatientID": patient_id} if model == dd.STUDY_FIND else {})
        expected = [expected_values(members, at_study) for members in group(of_patient, "StudyInstanceUID").values()]
        assert_answers(find(server, "STUDY", model, **(asked | above)), expected, at_study)
        if "SERIES" not in MODELS[model]:
            continue
        for (study,), of_study in group(of_patient, "StudyInstanceUID").items():
            above_series = above | {"StudyInstanceUID": study}
            expected = [expected_values(members, SERIES_KEYS) for members in group(of_study, "SeriesInstanceUID").values()]
            assert_answers(find(server, "SERIES", model, **dict.fromkeys(SERIES_KEYS, "") | above_series), expected, SERIES_KEYS)
            for (series,), of_series in group(of_study, "SeriesInstanceUID").items():
                above_image = above_series | {"SeriesInstanceUID": series}
                expected = [expected_values([one], IMAGE_KEYS) for one in of_series]
                assert_answers(find(server, "IMAGE", model, **dict.fromkeys(IMAGE_KEYS, "") | above_image), expected, IMAGE_KEYS)


@pytest.mark.parametrize("model", MODELS, ids=MODEL_NAMES.get)
def test_pynetdicom_finds_studies(server: Isocenter, model: str) -> None:
    ae = AE("PYNETDICOM")
    ae.add_requested_context(model)
    association = ae.associate(*server.query_address, ae_title=server.query_title)
    assert association.is_established
    request = Dataset()
    request.QueryRetrieveLevel = "STUDY"
    request.PatientID = "PAT-1"
    request.StudyInstanceUID = ""
    request.StudyDescription = ""
    got = [(status.Status, answer) for status, answer in association.send_c_find(request, model)]
    association.release()
    assert [status for status, _ in got] == [0xFF00, 0xFF00, 0x0000]
    assert sorted(str(answer.StudyDescription) for _, answer in got[:-1]) == ["Schädel", "Thorax native"]


# --- Matching (PS3.4 C.2.2.2) ----------------------------------------------------------------------------------------

S11, S12, S21, S31, S41 = (dd.uid(*numbers) for numbers in ((1, 1), (1, 2), (2, 1), (3, 1), (4, 1)))
NAMES = {S11: "S11", S12: "S12", S21: "S21", S31: "S31", S41: "S41"}
ALL = {S11, S12, S21, S31, S41}

# What is asked at the level STUDY of Study Root; the studies that have to come; those whose value is empty: PS3.4
# C.2.2.1.2 takes an empty required key for unknown, which matches anything; `empty-matches` decides (SIL-029).
STUDY_MATCHES: list[tuple[dict[str, object], set[str], set[str]]] = [
    # Universal.
    ({"StudyInstanceUID": ""}, ALL, set()),
    ({"PatientID": "*"}, ALL, set()),
    # Single value.
    ({"PatientID": "PAT-1"}, {S11, S12}, set()),
    ({"PatientID": "PAT-3"}, {S31}, set()),
    ({"PatientID": "pat-3"}, {S41}, set()),
    ({"PatientID": "PAT"}, set(), set()),
    ({"AccessionNumber": "ACC-100"}, {S11}, {S31}),
    ({"AccessionNumber": "acc-100"}, {S41}, {S31}),
    ({"AccessionNumber": " ACC-100 "}, {S11}, {S31}),
    ({"StudyID": "ID1"}, {S11, S21}, {S31}),
    ({"StudyDescription": "Thorax native"}, {S11}, set()),
    ({"StudyDescription": "thorax native"}, set(), set()),
    ({"PatientSex": "F"}, {S11, S12}, {S41}),
    ({"PatientBirthDate": "19610203"}, {S11, S12}, {S41}),
    # List of UIDs.
    ({"StudyInstanceUID": S11}, {S11}, set()),
    ({"StudyInstanceUID": [S11, S31, "1.2.3.4"]}, {S11, S31}, set()),
    ({"StudyInstanceUID": [S11, S11]}, {S11}, set()),
    ({"StudyInstanceUID": [f"1.2.3.{number}" for number in range(2000)] + [S21]}, {S21}, set()),
    # Wild cards.
    ({"PatientID": "PAT-*"}, {S11, S12, S21, S31}, set()),
    ({"PatientID": "PAT-?"}, {S11, S12, S21, S31}, set()),
    ({"PatientID": "*-3"}, {S31, S41}, set()),
    ({"PatientID": "?AT?1*"}, {S11, S12}, set()),
    ({"PatientID": "PAT-1?"}, set(), set()),
    ({"PatientID": "**PAT**1**"}, {S11, S12}, set()),
    ({"AccessionNumber": "ACC-1*"}, {S11, S12}, {S31}),
    ({"StudyDescription": "*native*"}, {S11}, set()),
    ({"StudyDescription": "*NATIVE*"}, set(), set()),
    ({"StudyDescription": "Sch?del"}, {S12}, set()),
    ({"StudyDescription": "*n*t*v*"}, {S11}, set()),
    # Characters that a database might take for wild cards of its own.
    ({"StudyDescription": "*[full]"}, {S31}, set()),
    ({"StudyDescription": "Abdomen [a-f]*"}, set(), set()),
    ({"StudyDescription": "100% sure*"}, {S41}, set()),
    ({"StudyDescription": "%"}, set(), set()),
    ({"StudyDescription": "*%*"}, {S41}, set()),
    ({"StudyDescription": "*_*"}, {S41}, set()),
    ({"StudyID": "ID_"}, set(), {S31}),
    ({"StudyID": "ID_5"}, {S41}, {S31}),
    ({"ReferringPhysicianName": "O'Hara*"}, {S41}, {S31}),
    ({"StudyDescription": "' OR 1=1 --"}, set(), set()),
    # Ranges of dates and times.
    ({"StudyDate": "20240115"}, {S11}, {S41}),
    ({"StudyDate": "20240101-20240229"}, {S11, S12}, {S41}),
    ({"StudyDate": "20240115-20240115"}, {S11}, {S41}),
    ({"StudyDate": "-20231231"}, {S21}, {S41}),
    ({"StudyDate": "20240220-"}, {S12, S31}, {S41}),
    ({"StudyDate": "19000101-19991231"}, set(), {S41}),
    ({"StudyTime": "081500"}, {S11}, {S41}),
    ({"StudyTime": "0815"}, {S11}, {S41}),
    ({"StudyTime": "235959"}, {S21}, {S41}),
    ({"StudyTime": "080000-090000"}, {S11}, {S41}),
    ({"StudyTime": "08-09"}, {S11}, {S41}),
    ({"StudyTime": "-120000"}, {S11, S31}, {S41}),
    ({"StudyTime": "170000.4-170000.6"}, {S12}, {S41}),
    ({"StudyTime": "170001-"}, {S21}, {S41}),
    ({"PatientBirthDate": "19500101-19700101"}, {S11, S12, S31}, {S41}),
    ({"StudyDate": "20231201-20240131", "StudyTime": "080000-090000"}, {S11}, {S41}),
    # Names: neither their case nor their accents matter (PS3.4 C.2.2.2.1 leaves it open; SIL-030).
    ({"PatientName": "Meier^Carl"}, {S31}, set()),
    ({"PatientName": "meier*"}, {S31, S41}, set()),
    ({"PatientName": "*CARL"}, {S31}, set()),
    ({"PatientName": "müller*"}, {S11, S12, S21}, set()),
    ({"PatientName": "MÜLLER^ANNA*"}, {S11, S12}, set()),
    ({"PatientName": "Muller^Bob"}, {S21}, set()),
    ({"PatientName": "Mull*"}, {S11, S12, S21}, set()),
    ({"PatientName": "M?ller^Anna Lena^^Dr."}, {S11, S12}, set()),
    ({"ReferringPhysicianName": "House^Gregory"}, {S11, S21}, {S31}),
    ({"ReferringPhysicianName": "wilson*"}, {S12}, {S31}),
    # What a study holds.
    ({"ModalitiesInStudy": "CT"}, {S11, S41}, set()),
    ({"ModalitiesInStudy": "SR"}, {S11}, set()),
    ({"ModalitiesInStudy": "PT"}, set(), set()),
    ({"SOPClassesInStudy": dd.MR}, {S12}, set()),
    # Several keys at once.
    ({"PatientID": "PAT-1", "StudyDate": "20240220"}, {S12}, set()),
    ({"PatientName": "M*", "ModalitiesInStudy": "CT", "StudyDate": "20240101-"}, {S11}, {S41}),
    ({"PatientID": "PAT-2", "StudyDescription": "Thorax*"}, set(), set()),
]


def name_of(asked: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in asked.items())[:60]


@pytest.mark.parametrize(("asked", "must", "may"), STUDY_MATCHES, ids=[name_of(asked) for asked, _, _ in STUDY_MATCHES])
def test_qr_031_matching_of_studies(server: Isocenter, asked: dict[str, object], must: set[str], may: set[str]) -> None:
    assert matched(server, asked) == {NAMES[uid] for uid in must}


def matched(server: Isocenter, asked: dict[str, object]) -> set[str]:
    """The studies that match, by their short names."""
    keys = {"StudyInstanceUID": "", "SpecificCharacterSet": "ISO_IR 192"} | asked
    found = [str(answer.StudyInstanceUID) for answer in find(server, "STUDY", dd.STUDY_FIND, **keys)]
    assert len(found) == len(set(found)), "a study came twice"
    return {NAMES[uid] for uid in found}


def test_sil_029_empty_stored_values_match_anything_where_that_is_set(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"query-retrieve-scp": {"empty-matches": True}})
    store_well(server, dd.tree())
    required = {"AccessionNumber", "StudyID", "StudyDate", "StudyTime"}
    for asked, must, empty in STUDY_MATCHES:
        if required.issuperset(asked):
            assert matched(server, asked) == {NAMES[uid] for uid in must | empty}, asked


LOWER_MATCHES = [
    ("PATIENT", {"PatientName": "m*"}, "PatientID", {"PAT-1", "PAT-2", "PAT-3", "pat-3"}),
    ("PATIENT", {"PatientID": "PAT-[12]"}, "PatientID", set()),
    ("PATIENT", {"PatientID": "*", "PatientSex": "M"}, "PatientID", {"PAT-2", "PAT-3"}),
    ("SERIES", {"Modality": "CT"}, "SeriesInstanceUID", {dd.uid(1, 1, 1), dd.uid(1, 1, 2)}),
    ("SERIES", {"Modality": "S*"}, "SeriesInstanceUID", {dd.uid(1, 1, 3)}),
    ("SERIES", {"SeriesNumber": "2"}, "SeriesInstanceUID", {dd.uid(1, 1, 2)}),
    ("SERIES", {"SeriesNumber": "99"}, "SeriesInstanceUID", {dd.uid(1, 1, 3)}),
    ("SERIES", {"SeriesDescription": "Lung*"}, "SeriesInstanceUID", {dd.uid(1, 1, 2)}),
    ("SERIES", {"SeriesInstanceUID": [dd.uid(1, 1, 1), dd.uid(1, 1, 3), dd.uid(2, 1, 1)]}, "SeriesInstanceUID", {dd.uid(1, 1, 1), dd.uid(1, 1, 3)}),
    ("IMAGE", {"InstanceNumber": "2"}, "SOPInstanceUID", {dd.uid(1, 1, 1, 2)}),
    ("IMAGE", {"SOPInstanceUID": [dd.uid(1, 1, 1, 1), dd.uid(1, 1, 1, 3), dd.uid(1, 1, 2, 1)]}, "SOPInstanceUID", {dd.uid(1, 1, 1, 1), dd.uid(1, 1, 1, 3)}),
    ("IMAGE", {"SOPClassUID": dd.MR}, "SOPInstanceUID", set()),
    ("IMAGE", {"SOPClassUID": dd.CT}, "SOPInstanceUID", {dd.uid(1, 1, 1, number) for number in (1, 2, 3)}),
]
ABOVE = {
    "PATIENT": {},
    "SERIES": {"PatientID": "PAT-1", "StudyInstanceUID": S11},
    "IMAGE": {"PatientID": "PAT-1", "StudyInstanceUID": S11, "SeriesInstanceUID": dd.uid(1, 1, 1)},
}


@pytest.mark.parametrize(("level", "asked", "unique", "must"), LOWER_MATCHES, ids=[f"{level} {name_of(asked)}" for level, asked, _, _ in LOWER_MATCHES])
def test_qr_031_matching_at_the_other_levels(server: Isocenter, level: str, asked: dict[str, object], unique: str, must: set[str]) -> None:
    keys = {unique: ""} | ABOVE[level] | asked
    found = {str(answer[unique].value) for answer in find(server, level, dd.PATIENT_FIND, **keys)}
    assert found == must


def test_sil_049_no_match_is_success_without_answers(server: Isocenter) -> None:
    assert find_statuses(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="1.2.3.4.5") [:2] == ([], [])


def test_sil_036_a_mismatch_above_is_no_match(server: Isocenter) -> None:
    assert find(server, "SERIES", PatientID="PAT-2", StudyInstanceUID=S11, SeriesInstanceUID="") == []
    assert find(server, "IMAGE", PatientID="PAT-1", StudyInstanceUID=S12, SeriesInstanceUID=dd.uid(1, 1, 1), SOPInstanceUID="") == []


# --- What an answer holds ---------------------------------------------------------------------------------------------


def test_sil_047_sil_048_dif_018_every_answer_names_level_and_retrieve_title(server: Isocenter) -> None:
    for level, above in {"PATIENT": {"PatientID": ""}, "STUDY": {"PatientID": "PAT-1", "StudyInstanceUID": ""}, **{level: ABOVE[level] for level in ("SERIES", "IMAGE")}}.items():
        unique = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}[level]
        answers = find(server, level, **(above | {unique: ""}))
        assert answers
        for answer in answers:
            assert answer.QueryRetrieveLevel == level
            assert answer.RetrieveAETitle == server.query_title
            # Hierarchical answers hold the unique keys above (PS3.4 C.4.1.3.1.1… C.4.1.1.3.2).
            for keyword in above:
                assert answer.get(keyword), f"{keyword} is missing at level {level}"


def test_qr_024_nothing_comes_that_was_not_asked_for(server: Isocenter) -> None:
    allowed = {"SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle", "InstanceAvailability", "PatientID", "StudyInstanceUID"}
    for answer in find(server, "STUDY", PatientID="PAT-1", StudyInstanceUID=""):
        assert {element.keyword for element in answer} <= allowed


def test_sil_048_instance_availability_is_online_where_it_is_returned(server: Isocenter) -> None:
    for answer in find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", InstanceAvailability=""):
        assert answer.get("InstanceAvailability", "ONLINE") == "ONLINE"


def test_sil_029_empty_stored_values_come_back_empty(server: Isocenter) -> None:
    (answer,) = find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID=S31, AccessionNumber="", StudyID="", ReferringPhysicianName="")
    assert [answer[keyword].is_empty for keyword in ("AccessionNumber", "StudyID", "ReferringPhysicianName")] == [True] * 3


def test_qr_077_pending_while_all_keys_are_supported(server: Isocenter) -> None:
    statuses, _, _ = find_statuses(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", PatientName="", StudyDate="", AccessionNumber="")
    assert statuses == [PENDING] * 5


def test_qr_078_sil_044_unsupported_optional_keys(server: Isocenter) -> None:
    statuses, answers, last = find_statuses(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", DetectorTemperature="")
    assert statuses == [PENDING_UNSUPPORTED] * 5
    assert last.status == 0x0000
    assert all("DetectorTemperature" not in answer for answer in answers)


def test_sil_044_private_keys_are_ignored(server: Isocenter) -> None:
    ds = Dataset()
    ds.QueryRetrieveLevel = "STUDY"
    ds.StudyInstanceUID = S11
    ds.private_block(0x0011, "SOMEBODY", create=True).add_new(1, "LO", "something")
    statuses, answers, last = find_statuses(server, None, dd.STUDY_FIND, raw_identifier=dd.encode(ds))
    assert statuses in ([PENDING], [PENDING_UNSUPPORTED])
    assert [str(answer.StudyInstanceUID) for answer in answers] == [S11]


@pytest.mark.requirement("GEN-007")
def test_gen_006_an_instance_is_found_as_soon_as_it_is_acknowledged(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    asker = server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT])))
    instances = [dd.generate(patient=50, series=number, number=number) for number in range(1, 31)]
    keys = {"PatientID": instances[0].patient_id, "StudyInstanceUID": instances[0].study, "SeriesInstanceUID": ""}
    with server.storage_peer(storage_contexts(instances)) as sender:
        for count, instance in enumerate(instances, 1):
            assert sender.store(instance) == 0x0000
            pending, last = asker.find(dd.PATIENT_FIND, dd.identifier("SERIES", **keys))
            assert (len(pending), last.status) == (count, 0x0000)
    asker.release()


ODD_BYTES = {
    "bytes beyond ASCII": b"\xc4\xd0\xff\xfe",
    "NUL inside": b"A\0B\0",
    "line breaks and controls": b"A\r\nB\x1b\x07\t",
    "escape without an end": b"A\x1b$B\x1b",
    "many values": b"\\".join([b"V"] * 200) + b"W",
    "only backslashes": b"\\\\\\\\",
    "ten thousand characters": b"X" * 10_000,
    "wild cards": b"*?*?",
}


@pytest.mark.parametrize("character_set", ["ISO_IR 100", "ISO_IR 192", "GB18030", "ISO_IR 999"])
@pytest.mark.parametrize("name", ODD_BYTES)
def test_values_that_are_no_text_do_not_stop_queries(make_server: Callable[..., Isocenter], name: str, character_set: str) -> None:
    """Whatever one sender wrote into any key, everybody's queries go on."""
    server = make_server()
    good, odd = dd.generate(patient=1), dd.generate(patient=2, SpecificCharacterSet=character_set)
    ds = dd.decode(odd.encoded, odd.transfer_syntax)
    taken = {"PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"}
    keys = [key for key in PATIENT_KEYS + STUDY_KEYS + SERIES_KEYS + IMAGE_KEYS if key not in taken and not key.startswith(("Number", "SOPClasses", "Modalities"))]
    value = ODD_BYTES[name]
    raw = dd.generate(patient=2, SpecificCharacterSet=character_set, pixel_bytes=32).encoded
    out, at = b"", 0
    # Element by element, Explicit VR Little Endian: the keys get the odd value.
    wanted = {ds[key].tag for key in keys if key in ds}
    assert len(wanted) == 14
    while at < len(raw):
        group, number, vr = struct.unpack_from("<HH2s", raw, at)
        long = vr in (b"OW", b"OB", b"SQ", b"UN", b"UT", b"UC")
        length = struct.unpack_from("<L", raw, at + 8)[0] if long else struct.unpack_from("<H", raw, at + 6)[0]
        end = at + (12 if long else 8) + length
        if (group << 16 | number) in wanted:
            padded = value + b" " * (len(value) % 2)
            out += struct.pack("<HH2sH", group, number, vr, len(padded)) + padded
        else:
            out += raw[at:end]
        at = end
    odd = odd.with_bytes(out)
    with server.storage_peer(storage_contexts([odd])) as peer:
        status = peer.store(odd)
        assert peer.store(good) == 0x0000
        peer.release()
    if status != 0x0000:
        assert 0xA900 <= status < 0xAA00 or 0xC000 <= status < 0xD000, f"{status:04X}"
    count = 2 if status == 0x0000 else 1
    patients = find(server, "PATIENT", **dict.fromkeys(PATIENT_KEYS, ""))
    assert {str(one.PatientID) for one in patients} == {"P0001", "P0002"} if count == 2 else {"P0001"}
    studies = find(server, "STUDY", dd.STUDY_FIND, **dict.fromkeys(STUDY_KEYS, ""))
    assert len(studies) == count
    for study in studies:
        uid = str(study.StudyInstanceUID)
        (series,) = find(server, "SERIES", dd.STUDY_FIND, **dict.fromkeys(SERIES_KEYS, "") | {"StudyInstanceUID": uid})
        (image,) = find(server, "IMAGE", dd.STUDY_FIND, **dict.fromkeys(IMAGE_KEYS, "") | {"StudyInstanceUID": uid, "SeriesInstanceUID": str(series.SeriesInstanceUID)})
    for key, asked in {"PatientName": "G*", "PatientSex": "O", "StudyDate": "20260101-20260103", "StudyDescription": "*desc*", "AccessionNumber": "A*"}.items():
        found = {str(one.StudyInstanceUID) for one in find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", **{key: asked})}
        assert good.study in found, key


# --- Errors ------------------------------------------------------------------------------------------------------------

BAD_IDENTIFIERS = {
    "no level": (dd.PATIENT_FIND, dd.identifier(None, PatientID="PAT-1")),
    "unknown level": (dd.PATIENT_FIND, dd.identifier("WARD", PatientID="PAT-1")),
    "empty level": (dd.PATIENT_FIND, dd.identifier("", PatientID="PAT-1")),
    "PATIENT in Study Root": (dd.STUDY_FIND, dd.identifier("PATIENT", PatientID="PAT-1")),
    "SERIES in Patient/Study Only": (dd.PATIENT_STUDY_ONLY_FIND, dd.identifier("SERIES", PatientID="PAT-1", StudyInstanceUID=S11, SeriesInstanceUID="")),
    "IMAGE in Patient/Study Only": (dd.PATIENT_STUDY_ONLY_FIND, dd.identifier("IMAGE", PatientID="PAT-1", StudyInstanceUID=S11, SOPInstanceUID="")),
    "empty identifier": (dd.PATIENT_FIND, b""),
    "no data set but noise": (dd.PATIENT_FIND, bytes(range(200, 256)) * 5),
    "truncated": (dd.PATIENT_FIND, dd.identifier("PATIENT", PatientID="PAT-1", PatientName="M*")[:-3]),
    "length beyond the end": (dd.PATIENT_FIND, dd.identifier("PATIENT") + b"\x10\x00\x20\x00\xf0\xff\xff\x7fPAT-1 "),
    "nested ten thousand deep": (dd.PATIENT_FIND, dd.identifier("PATIENT") + (b"\x40\x00\x75\x02\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff") * 10_000),
}

CANNOT_BE_READ = {"no data set but noise", "truncated", "length beyond the end", "nested ten thousand deep"}


@pytest.mark.parametrize("name", BAD_IDENTIFIERS)
def test_qr_074_bad_identifiers_and_the_association_goes_on(server: Isocenter, name: str) -> None:
    model, identifier = BAD_IDENTIFIERS[name]
    with server.query_peer(contexts((model, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        pending, last = peer.find(model, identifier)
        assert pending == []
        allowed = {0xA900, 0xC000, 0xC001} if name in CANNOT_BE_READ else {0xA900}
        assert last.status in allowed, f"{last.status:04X}"
        assert len(last.get("error_comment", "")) <= 64
        assert peer.echo() == 0x0000
        peer.release()


@pytest.mark.parametrize("date", ["2024-01-15", "20240231x", "20241301-20250101", "20240301-20240101", "-", "not a date"])
def test_sil_035_dates_that_are_none_match_nothing_or_are_refused(server: Isocenter, date: str) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        # Written by hand: pydicom would not write such a date.
        value = date.encode() + b" " * (len(date) % 2)
        identifier = b"\x08\x00\x20\x00" + len(value).to_bytes(4, "little") + value + dd.identifier("STUDY", StudyInstanceUID="")
        pending, last = peer.find(dd.STUDY_FIND, identifier)
        assert last.status in (0x0000, 0xA900, 0xC001), f"{last.status:04X}"
        if last.status == 0x0000 and date != "-":
            assert pending == []
        assert peer.echo() == 0x0000


def test_sil_072_sop_class_that_is_not_the_contexts(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        command = command_set(affected_sop_class=dd.CT, command_field=0x0020, message_id=3, priority=0, data_set_type=1)
        peer.send_message(1, command, dd.identifier("STUDY", StudyInstanceUID=""))
        answer = peer.read_message()
        assert answer.command.status in (0x0122, 0xA900, 0x0118), f"{answer.command.status:04X}"
        assert peer.echo() == 0x0000


def test_move_on_a_find_context_is_refused(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        message_id = peer.start_move(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=S11), "ANYONE")
        answer = peer.read_message().command
        assert answer.responded_to == message_id
        assert answer.status not in (0x0000, 0xFF00)
        assert peer.echo() == 0x0000


# --- Operations one after the other, and cancel -------------------------------------------------------------------------


@pytest.mark.requirement("QR-014", "QR-022", "QR-072")
def test_qr_015_queries_one_after_the_other(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT]), (dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        for _ in range(20):
            pending, _ = peer.find(dd.PATIENT_FIND, dd.identifier("PATIENT", PatientID="PAT-1"))
            assert len(pending) == 1
            pending, _ = peer.find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID="", PatientID="PAT-1"))
            assert len(pending) == 2
            assert peer.echo() == 0x0000
        peer.release()


def test_sil_054_late_and_strange_cancels_are_ignored(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        message_id = peer.start_find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=S11))
        *pending, last = peer.responses(message_id)
        assert last.command.status == 0x0000
        peer.cancel(message_id, 1)
        peer.cancel(4711, 1)
        assert peer.echo() == 0x0000
        pending, last = peer.find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=S11))
        assert (len(pending), last.status) == (1, 0x0000)


@pytest.mark.requirement("SIL-050")
@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_qr_076_cancel_of_a_query(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation, "storage-scp": {"sync": "none"}})
    instances = [dd.generate(number=number, pixel_bytes=32) for number in range(1, 601)]
    store_well(server, instances)
    keys = {"PatientID": instances[0].patient_id, "StudyInstanceUID": instances[0].study, "SeriesInstanceUID": instances[0].series, "SOPInstanceUID": ""}
    with server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        pending, last = peer.find(dd.PATIENT_FIND, dd.identifier("IMAGE", **keys))
        assert (len(pending), last.status) == (600, 0x0000)
        # Request and cancel reach the server together, so the cancel is there before the second answer can be.
        message_id = peer.next_message_id()
        sent: list[bytes] = []
        peer.send, original = sent.append, peer.send
        peer.send_message(1, peer._query_command(0x0020, dd.PATIENT_FIND, message_id), dd.identifier("IMAGE", **keys))
        peer.cancel(message_id, 1)
        peer.send = original
        peer.send(b"".join(sent))
        *pending, last = peer.responses(message_id)
        assert last.command.status == 0xFE00, f"{last.command.status:04X} after {len(pending)} answers"
        assert last.data_set is None
        assert len(pending) < 600
        assert peer.echo() == 0x0000


@pytest.mark.requirement("QR-009")
def test_gen_009_requests_that_do_not_wait_are_answered_one_after_the_other(server: Isocenter) -> None:
    """A peer that sends its next requests before it has its answers gets all of them, in their order."""
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        first = peer.start_find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=""))
        second = peer.next_message_id()
        peer.send_message(3, command_set(affected_sop_class=VERIFICATION, command_field=0x0030, message_id=second, data_set_type=0x0101))
        third = peer.start_find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=S11))
        assert [message.command.status for message in peer.responses(first)] == [PENDING] * 5 + [0x0000]
        echoed = peer.read_message().command
        assert (echoed.responded_to, echoed.status) == (second, 0x0000)
        assert [message.command.status for message in peer.responses(third)] == [PENDING, 0x0000]


def test_sil_025_a_release_right_behind_a_query(server: Isocenter) -> None:
    """The release waits for the answers or ends them; it is confirmed either way, and nobody else notices."""
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]))) as peer:
        peer.start_find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=""))
        peer.send(pdu(RELEASE_RQ, bytes(4)))
        while (got := peer.read_pdu()).type == P_DATA:
            pass
        assert got.type in (RELEASE_RP, ABORT), got
    assert len(find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="")) == 5


# --- Transfer syntaxes of identifiers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [dd.EXPLICIT, dd.BIG_ENDIAN, dd.DEFLATED])
def test_identifiers_in_other_transfer_syntaxes(server: Isocenter, syntax: str) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [syntax]))) as peer:
        if peer.accepted.results[1] != 0:
            assert syntax in (dd.BIG_ENDIAN, dd.DEFLATED) and peer.accepted.results[1] == 4
            return
        pending, last = peer.find(dd.STUDY_FIND, dd.identifier("STUDY", syntax, StudyInstanceUID="", PatientID="PAT-1", StudyDescription=""))
        assert last.status == 0x0000
        descriptions = sorted(str(dd.decode(answer, syntax).StudyDescription) for _, answer in pending)
        assert descriptions == ["Schädel", "Thorax native"]
