"""`preset = "annex-f"`: each key of PS3.2 F.4.2.2.4.1.3 is returned, and matched in the ways of its letters and in no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

import dicom_data as dd
from exchanges import PENDING, store_well
from raw_peer import Command, contexts
from server import Isocenter

STUDIES = [dd.uid(1, 1), dd.uid(1, 2)]
SERIES = [dd.uid(1, 1, 1), dd.uid(1, 1, 2)]
IMAGES = [dd.uid(1, 1, 1, 1), dd.uid(1, 1, 1, 20)]

UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


@dataclass(frozen=True)
class Key:
    """A row of both tables: the values of the two entities that are asked for, and its letters."""

    patient_root: str
    study_root: str
    level: str
    keyword: str
    values: tuple[str, str]
    letters: str


KEYS = [
    Key("QR-033", "QR-053", "PATIENT", "PatientName", ("Annexe^Jörn", "Benne^Bo"), "S*U"),
    Key("QR-034", "QR-054", "PATIENT", "PatientID", ("AF-1", "BF-2"), "S*U"),
    Key("QR-035", "QR-055", "PATIENT", "PatientBirthDate", ("19610203", "19700405"), "SU"),
    Key("QR-036", "QR-056", "PATIENT", "PatientSex", ("F", "M"), "SU"),
    Key("QR-037", "QR-057", "PATIENT", "OtherPatientIDs", ("OLD-1", "OLD-2"), ""),
    Key("QR-038", "QR-058", "PATIENT", "OtherPatientNames", ("Earlier^A", "Before^B"), ""),
    Key("QR-039", "QR-059", "STUDY", "StudyDate", ("20240115", "20240220"), "SRU"),
    Key("QR-040", "QR-060", "STUDY", "StudyTime", ("081500", "170000"), "RU"),
    Key("QR-041", "QR-061", "STUDY", "AccessionNumber", ("ACC-1", "BCC-2"), "S*U"),
    Key("QR-042", "QR-062", "STUDY", "StudyID", ("ID1", "JD2"), "S*U"),
    Key("QR-043", "QR-063", "STUDY", "StudyInstanceUID", (STUDIES[0], STUDIES[1]), "SUL"),
    Key("QR-044", "QR-064", "STUDY", "ReferringPhysicianName", ("House^G", "Wilson^J"), "S*U"),
    Key("QR-045", "QR-065", "STUDY", "StudyDescription", ("Thorax", "Skull"), "S*U"),
    Key("QR-046", "QR-066", "SERIES", "Modality", ("CT", "MR"), "SU"),
    Key("QR-047", "QR-067", "SERIES", "SeriesNumber", ("15", "20"), "S*U"),
    Key("QR-048", "QR-068", "SERIES", "SeriesInstanceUID", (SERIES[0], SERIES[1]), "SUL"),
    Key("QR-049", "QR-069", "SERIES", "OperatorsName", ("Tech^One", "Tech^Two"), ""),
    Key("QR-050", "QR-070", "IMAGE", "InstanceNumber", ("15", "20"), "S*U"),
    Key("QR-051", "QR-071", "IMAGE", "SOPInstanceUID", (IMAGES[0], IMAGES[1]), "SUL"),
]
ROWS = [(dd.PATIENT_FIND, key) for key in KEYS] + [(dd.STUDY_FIND, key) for key in KEYS]


def id_of(model: str, key: Key) -> str:
    return key.patient_root if model == dd.PATIENT_FIND else key.study_root


def held() -> list[dd.Instance]:
    """Two entities at each level, that differ in every key."""

    def of(level: str, which: int) -> dict[str, object]:
        return {key.keyword: key.values[which] for key in KEYS if key.level == level and key.keyword not in UNIQUE.values()}

    first = of("PATIENT", 0) | {"PatientID": "AF-1"}
    second = of("PATIENT", 1) | {"PatientID": "BF-2"}
    study = {"StudyInstanceUID": STUDIES[0]} | of("STUDY", 0)
    return [
        dd.generate(patient=1, study=1, series=1, number=1, **first, **study, **of("SERIES", 0), **of("IMAGE", 0)),
        dd.generate(patient=1, study=1, series=1, number=20, **first, **study, **of("SERIES", 0), **of("IMAGE", 1)),
        dd.generate(patient=1, study=1, series=2, number=1, sop_class=dd.MR, **first, **study, **of("SERIES", 1)),
        dd.generate(patient=1, study=2, series=1, number=1, **first, **of("STUDY", 1)),
        dd.generate(patient=2, study=1, series=1, number=1, **second),
    ]


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    started = make_shared_server({"preset": "annex-f"})
    store_well(started, held())
    return started


def entities(model: str, key: Key) -> tuple[str, list[str], dict[str, str]]:
    """The level to ask at, the unique keys of the two entities, and the keys that have to be there besides."""
    if key.level == "PATIENT" and model == dd.STUDY_FIND:
        both = [STUDIES[0], dd.uid(2, 1)]
        return "STUDY", both, {"StudyInstanceUID": "\\".join(both)}
    if key.level == "PATIENT":
        # Either of the two has to have a value (QR-027).
        above = {"PatientName": "*e^*"} if key.keyword != "PatientName" else {"PatientID": "*F-*"}
        return "PATIENT", ["AF-1", "BF-2"], above
    above = {"PatientID": "AF-1"} if model == dd.PATIENT_FIND or key.level == "STUDY" else {}
    if key.level in ("SERIES", "IMAGE"):
        above["StudyInstanceUID"] = STUDIES[0]
    if key.level == "IMAGE":
        above["SeriesInstanceUID"] = SERIES[0]
    return key.level, {"STUDY": STUDIES, "SERIES": SERIES, "IMAGE": IMAGES}[key.level], above


def ask(server: Isocenter, model: str, key: Key, value: str) -> tuple[list[Dataset], list[int], Command]:
    """A query with the value in the key: the answers, their statuses, and the last response."""
    level, _, above = entities(model, key)
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.QueryRetrieveLevel = level
    for keyword, asked in ({UNIQUE[level]: ""} | above | {key.keyword: value}).items():
        # As text: pydicom would not write a wild card as an IS.
        ds.add_new(keyword, "UI" if dictionary_VR(keyword) == "UI" else "LO", asked)
    peer = server.query_peer(contexts((model, [dd.IMPLICIT])))
    pending, last = peer.find(model, dd.encode(ds))
    peer.release()
    return [dd.decode(answer) for _, answer in pending], [status for status, _ in pending], last


def found(server: Isocenter, model: str, key: Key, value: str) -> list[str]:
    """The entities that match, by their unique keys."""
    answers, _, last = ask(server, model, key, value)
    assert last.status == 0x0000, f"{last.status:04X} {last.get('error_comment')}"
    return sorted(str(answer[UNIQUE[entities(model, key)[0]]].value) for answer in answers)


rows = pytest.mark.parametrize(
    ("model", "key"),
    [pytest.param(model, key, marks=pytest.mark.requirement(id_of(model, key)), id=f"{id_of(model, key)} {key.keyword}") for model, key in ROWS],
)


@rows
def test_each_key_comes_back_and_is_matched_in_the_ways_of_its_letters(server: Isocenter, model: str, key: Key) -> None:
    _, both, _ = entities(model, key)
    first = both[:1]
    # U, and what it is asked for: the value.
    if key.letters:
        answers, statuses, last = ask(server, model, key, "")
        assert (statuses, last.status) == ([PENDING] * 2, 0x0000)
        assert sorted(str(answer[key.keyword].value) for answer in answers) == sorted(key.values)
    value, vr = key.values[0], dictionary_VR(key.keyword)
    if "S" in key.letters:
        assert found(server, model, key, value) == first
    if "*" in key.letters:
        assert found(server, model, key, f"{value[:-1]}*") == first
        assert found(server, model, key, f"?{value[1:]}") == first
    if "R" in key.letters:
        assert found(server, model, key, f"{value}-{value}") == first
        assert found(server, model, key, f"-{value}") == first
        assert found(server, model, key, f"{key.values[1]}-") == both[1:]
    if "L" in key.letters:
        assert found(server, model, key, f"{value}\\1.2.3.4") == first
        assert found(server, model, key, "\\".join(key.values)) == both
    # What is not offered is refused: the identifier is sound, but it is not run (QR-075).
    if key.letters and "S" not in key.letters:
        assert ask(server, model, key, value)[2].status == 0xC001
    if key.letters and "*" not in key.letters and vr == "CS":
        assert ask(server, model, key, f"{value[0]}*")[2].status == 0xC001
    if key.letters and "R" not in key.letters and vr == "DA":
        assert ask(server, model, key, f"{value}-{value}")[2].status == 0xC001
    # NONE: returned, whatever is asked, and supported (DIF-019).
    if not key.letters:
        for asked in ("", "something else"):
            answers, statuses, last = ask(server, model, key, asked)
            assert (statuses, last.status) == ([PENDING] * 2, 0x0000)
            assert sorted(str(answer[key.keyword].value) for answer in answers) == sorted(key.values)


@pytest.mark.parametrize(
    "model",
    [pytest.param(dd.PATIENT_FIND, marks=pytest.mark.requirement("QR-032")), pytest.param(dd.STUDY_FIND, marks=pytest.mark.requirement("QR-052"))],
)
def test_chr_003_specific_character_set_comes_back_and_is_not_matched(server: Isocenter, model: str) -> None:
    """The one in the request says how the request is written; no entity is left out for another."""
    answers, statuses, _ = ask(server, model, KEYS[0], "")
    assert statuses == [PENDING] * 2
    sets = {str(answer.PatientName): answer.get("SpecificCharacterSet") for answer in answers}
    assert sets["Annexe^Jörn"] in ("ISO_IR 100", "ISO_IR 192")
    assert set(sets) == {"Annexe^Jörn", "Benne^Bo"}
