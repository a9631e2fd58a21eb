"""The exam type of a series: by a list, from what its instances say, and asked for by a private key."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

import dicom_data as dd
from exchanges import find, get, kinds, store_well
from server import Isocenter

CREATOR = "ISOCENTER"
LIST = {"storage-scp": {"exam-types": ["Chest PA", "KNEE", "Cardiac Ciné"]}}
PRESETS = ["standard", "annex-f"]
_numbers = itertools.count(1)


def exam(**values: object) -> dd.Instance:
    """The only instance of a study of its own."""
    number = next(_numbers)
    return dd.generate(patient=number, study=number, **values)  # type: ignore[arg-type]


def asked(instance: dd.Instance, value: str = "", block: int = 0x10, creator: str = CREATOR) -> bytes:
    """A request for the series of an instance's study, with the private key in a block."""
    request = Dataset()
    request.SpecificCharacterSet = "ISO_IR 192"
    request.QueryRetrieveLevel = "SERIES"
    request.StudyInstanceUID = instance.study
    request.SeriesInstanceUID = ""
    request.add_new((0x0009, block), "LO", creator)
    request.add_new((0x0009, block << 8 | 0x01), "LO", value)
    return dd.encode(request)


def series(server: Isocenter, instance: dd.Instance, value: str = "", **how: object) -> list[Dataset]:
    return find(server, None, dd.STUDY_FIND, raw_identifier=asked(instance, value, **how))  # type: ignore[arg-type]


def exam_type(server: Isocenter, instance: dd.Instance) -> str:
    """What the one series of an instance's study has."""
    (answer,) = series(server, instance)
    assert answer[0x0009, 0x0010].value == CREATOR
    value = answer.get_private_item(0x0009, 0x01, CREATOR).value
    return (value.decode() if isinstance(value, bytes) else str(value or "")).strip()


@pytest.fixture(scope="module", params=PRESETS)
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    return make_shared_server({"preset": request.param, **LIST})


# --- Which there is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "expected"), [("Chest PA", "Chest PA"), ("CHEST pa", "Chest PA"), ("Chest", ""), ("Chest PA 2", "")])
def test_iod_009_study_description_if_it_is_in_the_list(server: Isocenter, value: str, expected: str) -> None:
    (instance,) = store_well(server, [exam(StudyDescription=value)])
    assert exam_type(server, instance) == expected


@pytest.mark.parametrize(("value", "expected"), [("knee", "KNEE"), ("knees", "")])
def test_iod_011_series_description_if_it_is_in_the_list(server: Isocenter, value: str, expected: str) -> None:
    (instance,) = store_well(server, [exam(SeriesDescription=value)])
    assert exam_type(server, instance) == expected


@pytest.mark.parametrize(("value", "expected"), [("KNEE", "KNEE"), ("HEAD", "")])
def test_iod_013_body_part_examined_if_it_is_in_the_list(server: Isocenter, value: str, expected: str) -> None:
    (instance,) = store_well(server, [exam(BodyPartExamined=value)])
    assert exam_type(server, instance) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["ORIGINAL", "PRIMARY", "KNEE"], "KNEE"), (["ORIGINAL", "PRIMARY", "AXIAL", "KNEE"], ""), (["ORIGINAL", "KNEE"], "")],
)
def test_iod_014_third_value_of_image_type_if_it_is_in_the_list(server: Isocenter, value: list[str], expected: str) -> None:
    (instance,) = store_well(server, [exam(ImageType=value)])
    assert exam_type(server, instance) == expected


def test_iod_009_to_011_the_study_says_more_than_the_series(server: Isocenter) -> None:
    (instance,) = store_well(server, [exam(StudyDescription="Chest PA", SeriesDescription="KNEE")])
    assert exam_type(server, instance) == "Chest PA"


@pytest.mark.requirement("SIL-096")
def test_without_a_list_there_is_none(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({})
    (instance,) = store_well(server, [exam(StudyDescription="KNEE")])
    assert exam_type(server, instance) == ""


# --- Who reads it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [0x10, 0x42])
def test_iod_009_it_is_matched_in_the_block_that_the_request_reserves(server: Isocenter, block: int) -> None:
    (instance,) = store_well(server, [exam(StudyDescription="knee")])
    for value, count in [("KNEE", 1), ("KN*", 1), ("", 1), ("Chest PA", 0)]:
        answers = series(server, instance, value, block=block)
        assert len(answers) == count, value
        assert all(answer[0x0009, block].value == CREATOR for answer in answers)


@pytest.mark.requirement("SIL-044")
def test_the_private_key_of_another_creator_is_nobodys(server: Isocenter) -> None:
    (instance,) = store_well(server, [exam(StudyDescription="knee")])
    (answer,) = series(server, instance, "Chest PA", creator="ACME 1.0")
    assert not [element for element in answer if element.tag.is_private]


def test_the_command_find_shows_it(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(LIST)
    (instance,) = store_well(server, [exam(StudyDescription="cardiac ciné", SpecificCharacterSet="ISO_IR 192")])
    arguments = ["find", f"{server.query_title}@127.0.0.1:{server.query_port}", "--level", "series", "--key", f"StudyInstanceUID={instance.study}"]
    found = server.run(*arguments, "--key", "ExamType")
    assert found.returncode == 0, found.stderr
    assert [line.split(None, 1) for line in found.stdout.splitlines() if line.startswith("ExamType")] == [["ExamType", "Cardiac Ciné"]]
    assert CREATOR not in found.stdout
    assert "0 matches" in server.run(*arguments, "--key", "ExamType=KNEE").stdout


def test_what_is_sent_has_no_exam_type(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(LIST)
    (instance,) = store_well(server, [exam(StudyDescription="knee")])
    stored, _ = get(server, "STUDY", storage=kinds([instance]), PatientID=instance.patient_id, StudyInstanceUID=instance.study)
    assert [message.data_set for message in stored] == [instance.encoded]


# --- How it comes and goes ------------------------------------------------------------------------------------------------


def test_iod_009_import_and_reindex_give_it_too_and_a_new_list_takes_a_reindex(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    server = make_server(LIST)
    instance = exam(StudyDescription="chest pa", SeriesDescription="knee")
    assert server.run("import", str(instance.write(tmp_path / "one.dcm"))).returncode == 0
    assert exam_type(server, instance) == "Chest PA"
    server.stop()
    server.configure({"storage-scp": {"exam-types": ["KNEE"]}})
    server.start()
    assert exam_type(server, instance) == "Chest PA"
    server.stop()
    assert server.run("reindex").returncode == 0
    server.start()
    assert exam_type(server, instance) == "KNEE"


def test_a_correction_of_the_description_leaves_it(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(LIST)
    (instance,) = store_well(server, [exam(StudyDescription="knee")])
    assert server.run("correct", "study", instance.study, "--set", "StudyDescription=Chest PA").returncode == 0
    assert exam_type(server, instance) == "KNEE"


def test_entries_with_a_backslash_are_refused(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"exam-types": ["KNEE\\HIP"]}}, start=False)
    said = server.run("settings")
    assert said.returncode != 0
    assert "storage-scp.exam-types" in said.stderr
