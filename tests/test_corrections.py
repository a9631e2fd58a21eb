"""Values of patients, studies and series corrected by a command: what C-FIND, C-MOVE and C-GET say of them then."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, build_role, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
)

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_returned, find, get, kinds, store_well
from raw_peer import Message, RawDestination, contexts
from server import Isocenter, free_ports, wait_until
from test_dcmtk import at_query, dcmtk

pytestmark = pytest.mark.requirement("GEN-014")


def corrected(server: Isocenter, *arguments: str) -> str:
    """A correction that has to be made; what is said of it."""
    done = server.run("correct", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(server: Isocenter, *arguments: str) -> str:
    """A correction that has to be refused; why."""
    done = server.run("correct", *arguments)
    assert done.returncode == 1, done.stdout
    assert done.stdout == ""
    return done.stderr


def one(**values: object) -> Instance:
    return dd.generate(**values)  # type: ignore[arg-type]


def got(server: Isocenter, instances: list[Instance], **keys: object) -> list[Dataset]:
    """What C-GET brings of a study, and that all of it came."""
    stored, responses = get(server, "STUDY", storage=kinds(instances), **keys)
    assert responses[-1].command.status == 0x0000, responses[-1].command
    by_uid = {message.command.affected_sop_instance: message.data_set for message in stored}
    return [dd.decode(by_uid[instance.sop_instance], instance.transfer_syntax) for instance in instances]


def names(server: Isocenter, level: str, **keys: object) -> list[str]:
    answers = find(server, level, model=dd.PATIENT_FIND if level == "PATIENT" else dd.STUDY_FIND, **{"PatientName": "", **keys})
    return sorted(str(answer.PatientName) for answer in answers)


def original(data_set: Dataset) -> Dataset:
    """The values before, as the Original Attributes Sequence has them."""
    (item,) = data_set.OriginalAttributesSequence
    assert item.ReasonForTheAttributeModification == "CORRECT"
    assert item.ModifyingSystem == "ISOCENTER ISO_QUERY_SCP"
    assert re.fullmatch(r"\d{14}\+0000", item.AttributeModificationDateTime)
    (values,) = item.ModifiedAttributesSequence
    return values


@pytest.fixture(params=["process", "thread"])
def isolated(make_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    return make_server({"isolation": request.param})


@pytest.mark.requirement("GEN-015")
@pytest.mark.requirement("QR-025")
@pytest.mark.requirement("DIF-007")
@pytest.mark.requirement("SIL-077")
@pytest.mark.requirement("SIL-096")
def test_a_patient_is_corrected_while_the_server_runs(isolated: Isocenter) -> None:
    server = isolated
    instances = store_well(server, [one(number=1), one(number=2, transfer_syntax=dd.IMPLICIT), one(study=2, sop_class=dd.MR, modality="MR"), one(patient=2)])
    mine, others = instances[:3], instances[3:]
    assert_returned(mine[:2], get(server, "STUDY", storage=kinds(mine), PatientID="P0001", StudyInstanceUID=mine[0].study)[0])

    said = corrected(server, "patient", "P0001", "--set", "PatientName=Meyer^Jörg", "--set", "PatientBirthDate=19710203", "--because", "a slip")
    assert "1: patient P0001 (3 instances) corrected" in said
    assert 'PatientName from "Generated^Patient1" to "Meyer^Jörg"' in said
    assert 'PatientBirthDate from "19700131" to "19710203"' in said
    assert "isocenter correct undo 1" in said

    for level in ("PATIENT", "STUDY"):
        per_level = 1 if level == "PATIENT" else 2
        for keys in ({"PatientName": "MEYER^JORG"}, {"PatientName": "*eyer*"}, {"PatientID": "P0001"}, {"PatientBirthDate": "19710201-19710301"}):
            assert names(server, level, **keys) == ["Meyer^Jörg"] * per_level, (level, keys)
        for keys in ({"PatientName": "Generated^Patient1"}, {"PatientName": "*tient1"}, {"PatientBirthDate": "19700131", "PatientID": "P0001"}):
            assert names(server, level, **keys) == [], (level, keys)
    (answer,) = find(server, "PATIENT", PatientID="P0001", NumberOfPatientRelatedInstances="", NumberOfPatientRelatedStudies="")
    assert (answer.NumberOfPatientRelatedInstances, answer.NumberOfPatientRelatedStudies) == (3, 2)

    for instance, came in zip(mine[:2], got(server, mine[:2], PatientID="P0001", StudyInstanceUID=mine[0].study), strict=True):
        assert (came.PatientName, came.PatientBirthDate, came.SOPInstanceUID) == ("Meyer^Jörg", "19710203", instance.sop_instance)
        before = original(came)
        assert (before.PatientName, before.PatientBirthDate) == ("Generated^Patient1", "19700131")
        # Nothing else is another.
        for changed in (came, expected := dd.decode(instance.encoded, instance.transfer_syntax)):
            for keyword in ("PatientName", "PatientBirthDate", "OriginalAttributesSequence"):
                if keyword in changed:
                    del changed[keyword]
        assert came == expected
    # Whoever was not corrected leaves as he came.
    assert_returned(others, get(server, "STUDY", storage=kinds(others), PatientID="P0002", StudyInstanceUID=others[0].study)[0])

    # What comes later, in a study that is there and in a new one.
    later = store_well(server, [one(number=3), one(study=3)])
    assert names(server, "STUDY", PatientID="P0001") == ["Meyer^Jörg"] * 3
    (came,) = got(server, later[1:], PatientID="P0001", StudyInstanceUID=later[1].study)
    assert came.PatientName == "Meyer^Jörg"

    # The vault has what was received, the list what was changed.
    held = {path.name: path for path in server.vault_files()}
    assert dcmread(held[f"{mine[0].sop_instance}.dcm"]).PatientName == "Generated^Patient1"
    listed = corrected(server, "list")
    assert 'PatientName from "Generated^Patient1" to "Meyer^Jörg"' in listed
    assert "because: a slip" in listed

    server.restart()
    assert names(server, "PATIENT", PatientID="P0001") == ["Meyer^Jörg"]

    said = corrected(server, "undo", "1")
    assert "1: patient P0001 (3 instances) correction taken back" in said
    assert names(server, "PATIENT", PatientID="P0001") == ["Generated^Patient1"]
    everything = [*mine[:2], later[0]]
    assert_returned(everything, get(server, "STUDY", storage=kinds(everything), PatientID="P0001", StudyInstanceUID=mine[0].study)[0])
    assert "undone by" in corrected(server, "list")
    assert corrected(server, "list", "--in-force") == "no corrections\n"


def test_studies_and_series_are_corrected(server: Isocenter) -> None:
    instances = store_well(server, [one(number=1), one(series=2, sop_class=dd.MR, modality="MR")])
    study, series = instances[0].study, instances[1].series
    corrected(server, "study", study, "--set", "AccessionNumber=NEW-1", "--set", "StudyDescription=", "--set", "StudyDate=20260103", "--set", "ReferringPhysicianName=House^Greg")
    corrected(server, "series", series, "--set", "Modality=US", "--set", "OperatorsName=A^B\\C^D")
    (answer,) = find(server, "STUDY", model=dd.STUDY_FIND, AccessionNumber="NEW-1", StudyDate="20260103", StudyDescription="", ModalitiesInStudy="", ReferringPhysicianName="house*")
    assert (answer.StudyDescription, list(answer.ModalitiesInStudy), answer.ReferringPhysicianName) == ("", ["CT", "US"], "House^Greg")
    assert find(server, "STUDY", model=dd.STUDY_FIND, AccessionNumber="A001001") == []
    assert find(server, "STUDY", model=dd.STUDY_FIND, ModalitiesInStudy="MR") == []
    (answer,) = find(server, "SERIES", model=dd.STUDY_FIND, StudyInstanceUID=study, Modality="US", OperatorsName="C^D")
    assert answer.SeriesInstanceUID == series
    first, second = got(server, instances, PatientID="P0001", StudyInstanceUID=study)
    assert (first.AccessionNumber, first.StudyDescription, first.Modality, first.OperatorsName) == ("NEW-1", "", "CT", "Operate^Olga")
    assert (second.AccessionNumber, second.Modality, second.OperatorsName) == ("NEW-1", "US", ["A^B", "C^D"])
    assert "Modality" not in original(first)
    assert original(second).Modality == "MR"


def test_a_study_goes_to_another_patient_and_patients_become_one(server: Isocenter) -> None:
    instances = store_well(server, [one(), one(study=2), one(patient=2, PatientComments="theirs"), one(patient=3, IssuerOfPatientID="ELSEWHERE")])
    moved = instances[1]
    why = refused(server, "study", moved.study, "--set", "PatientID=P0002")
    assert "Generated^Patient2" in why and "--merge" in why
    said = corrected(server, "study", moved.study, "--set", "PatientID=P0002", "--merge")
    assert "from patient P0001 to patient P0002, who was held already" in said
    assert names(server, "STUDY", PatientID="P0001") == ["Generated^Patient1"]
    assert names(server, "STUDY", PatientID="P0002") == ["Generated^Patient2"] * 2
    (came,) = got(server, [moved], PatientID="P0002", StudyInstanceUID=moved.study)
    assert (came.PatientID, came.PatientName, came.PatientComments) == ("P0002", "Generated^Patient2", "theirs")
    assert original(came).PatientID == "P0001"
    assert "IssuerOfPatientID" in refused(server, "patient", "P0001", "--set", "PatientID=P0003")
    corrected(server, "patient", "P0001", "--set", "PatientID=P0002", "--merge")
    assert names(server, "PATIENT") == ["Generated^Patient2", "Generated^Patient3"]
    assert "undo 2 first" in refused(server, "undo", "1")
    for number in ("2", "1"):
        corrected(server, "undo", number)
    assert names(server, "PATIENT") == [f"Generated^Patient{number}" for number in (1, 2, 3)]
    assert_returned([moved], get(server, "STUDY", storage=kinds([moved]), PatientID="P0001", StudyInstanceUID=moved.study)[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("patient", "P0001", "--set", "PatientBirthDate=yesterday"), "is no date"),
        (("patient", "P0001", "--set", "PatientsName=X"), "did you mean PatientName?"),
        (("patient", "P0001", "--set", "Hat=X"), '"Hat" is no attribute that can be corrected'),
        (("patient", "P0001", "--set", "PatientSex=W"), "is none of M, F and O"),
        (("patient", "P0001", "--set", "PatientName"), "is no KEYWORD=VALUE"),
        (("patient", "NOBODY", "--set", "PatientName=X"), 'there is no patient "NOBODY"'),
        (("study", dd.uid(1, 1), "--set", "StudyInstanceUID=1.2.3"), "UIDs stay what they are"),
        (("study", dd.uid(1, 1), "--set", "SeriesNumber=3"), "SeriesNumber belongs to the series"),
        (("study", "1.2.x", "--set", "StudyID=3"), "is no UID"),
        (("series", dd.uid(9, 9, 9), "--set", "Modality=CT"), "there is no series"),
        (("undo", "7"), "there is no correction 7"),
    ],
)
def test_what_cannot_be_is_refused_in_words(shared: Isocenter, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(shared, *arguments)
    assert corrected(shared, "list") == "no corrections\n"


@pytest.fixture(scope="module")
def shared(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    started = make_shared_server()
    store_well(started, [one()])
    return started


@pytest.mark.parametrize(
    ("character_set", "name"),
    [("ISO_IR 100", "Müller^Zoë"), ("ISO_IR 100", "Yamada^Tarou=山田^太郎=やまだ^たろう"), (None, "Müller^Zoë"), ("ISO_IR 192", "Люкceмбypг^Анна"), ("ISO_IR 144", "Wałęsa^Łucja")],
)
def test_corrected_texts_in_every_character_set(server: Isocenter, character_set: str | None, name: str) -> None:
    kept = "Анна" if character_set == "ISO_IR 144" else "plain"
    (instance,) = store_well(server, [one(SpecificCharacterSet=character_set, StudyDescription=kept)])
    corrected(server, "patient", "P0001", "--set", f"PatientName={name}")
    (answer,) = find(server, "STUDY", model=dd.STUDY_FIND, PatientName="", StudyDescription="")
    assert (str(answer.PatientName), answer.StudyDescription) == (name, kept)
    (came,) = got(server, [instance], PatientID="P0001", StudyInstanceUID=instance.study)
    came.decode()
    assert (str(came.PatientName), came.StudyDescription) == (name, kept)
    assert original(came).PatientName == "Generated^Patient1"


def test_corrections_survive_a_reindex(server: Isocenter) -> None:
    instances = store_well(server, [one(), one(study=2), one(patient=2)])
    corrected(server, "patient", "P0001", "--set", "PatientName=Roe^Rita")
    corrected(server, "study", instances[1].study, "--set", "StudyDescription=Hip")
    corrected(server, "study", instances[1].study, "--set", "PatientID=P0002", "--merge")
    corrected(server, "patient", "P0002", "--set", "PatientSex=F")
    corrected(server, "undo", "4")

    def answers() -> list[tuple[str, ...]]:
        keywords = ("PatientID", "PatientName", "PatientSex", "StudyInstanceUID", "StudyDescription")
        found = find(server, "STUDY", model=dd.STUDY_FIND, **dict.fromkeys(keywords, ""))
        return sorted(tuple(str(answer[keyword].value) for keyword in keywords) for answer in found)

    before = answers()
    assert {row[:2] for row in before} == {("P0001", "Roe^Rita"), ("P0002", "Generated^Patient2")}
    exported = [element.to_json() for element in got(server, [instances[1]], PatientID="P0002", StudyInstanceUID=instances[1].study)]
    assert server.stop() == 0
    for left in server.data.glob("catalog.sqlite*"):
        left.unlink()
    done = server.run("reindex")
    assert done.returncode == 0, done.stderr
    server.start()
    assert answers() == before
    assert [element.to_json() for element in got(server, [instances[1]], PatientID="P0002", StudyInstanceUID=instances[1].study)] == exported
    corrected(server, "undo", "3")
    assert names(server, "STUDY", PatientID="P0001") == ["Roe^Rita"] * 2


@pytest.mark.requirement("CFG-047")
@pytest.mark.parametrize("preset", ["standard", "annex-f"])
def test_cfg_047_sil_077_replacement_is_configured(make_server: Callable[..., Isocenter], preset: str) -> None:
    with RawDestination() as destination:
        peer = {"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}
        server = make_server({"preset": preset, "peer": [peer]})
        (instance,) = store_well(server, [one(transfer_syntax=dd.IMPLICIT)])
        corrected(server, "patient", "P0001", "--set", "PatientName=Roe^Rita")

        def moved() -> Message:
            mover = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
            responses = mover.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=instance.study), "VIEWER1")
            mover.release()
            assert responses[-1].command.status == 0x0000
            return destination.received[-1][0]

        came = dd.decode(moved().data_set, dd.IMPLICIT)
        assert came.PatientName == "Roe^Rita"
        assert ("OriginalAttributesSequence" in came) == (preset == "standard")
        server.configure({"preset": preset, "peer": [peer], "corrections": {"exports": "as-received"}})
        server.restart()
        assert moved().data_set == instance.encoded
        assert names(server, "STUDY", StudyInstanceUID=instance.study) == ["Roe^Rita"]


def test_dcmtk_finds_moves_and_gets_what_was_corrected(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    (port,) = free_ports(1)
    server = make_server({"peer": [{"ae-title": "STORESCP", "host": "127.0.0.1", "port": port}]})
    (instance,) = store_well(server, [one(transfer_syntax=dd.IMPLICIT)])

    def found(name: str, folder: str) -> int:
        (tmp_path / folder).mkdir()
        dcmtk("findscu", "-S", "-X", "-od", str(tmp_path / folder), "-k", "QueryRetrieveLevel=STUDY", "-k", f"PatientName={name}", "-k", "StudyInstanceUID", *at_query(server))
        return len(list((tmp_path / folder).glob("rsp*.dcm")))

    assert (found("Generated*", "a"), found("roe^rita", "b")) == (1, 0)
    corrected(server, "patient", "P0001", "--set", "PatientName=Roe^Rita")
    assert (found("Generated*", "c"), found("roe^rita", "d")) == (0, 1)
    wanted = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={instance.study}"]
    brought, got_folder = tmp_path / "moved", tmp_path / "got"
    brought.mkdir()
    got_folder.mkdir()
    storescp = subprocess.Popen(["storescp", "+xa", "-aet", "STORESCP", "-od", str(brought), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: dcmtk("echoscu", "127.0.0.1", str(port), check=False).returncode == 0, "storescp")
        dcmtk("movescu", "-S", "-aem", "STORESCP", *wanted, *at_query(server))
    finally:
        storescp.kill()
        storescp.wait()
    dcmtk("getscu", "-S", "-od", str(got_folder), *wanted, *at_query(server))
    for folder in (brought, got_folder):
        (path,) = folder.iterdir()
        came = dcmread(path)
        assert (came.PatientName, came.SOPInstanceUID) == ("Roe^Rita", instance.sop_instance)
        assert original(came).PatientName == "Generated^Patient1"
        assert came.PixelData == instance.data_set.PixelData


def test_pynetdicom_finds_and_gets_what_was_corrected(server: Isocenter) -> None:
    store_well(server, [one(transfer_syntax=dd.IMPLICIT, sop_class=CTImageStorage)])
    corrected(server, "patient", "P0001", "--set", "PatientName=Roe^Rita")
    received: list[Dataset] = []

    def store(event: evt.Event) -> int:
        received.append(event.dataset)
        return 0x0000

    entity = AE(ae_title="PYNETDICOM")
    entity.add_requested_context(PatientRootQueryRetrieveInformationModelFind)
    entity.add_requested_context(PatientRootQueryRetrieveInformationModelGet)
    entity.requested_contexts = [*entity.requested_contexts, build_context(CTImageStorage)]
    association = entity.associate(
        "127.0.0.1", server.query_port, ae_title=server.query_title, ext_neg=[build_role(CTImageStorage, scp_role=True)], evt_handlers=[(evt.EVT_C_STORE, store)]
    )
    assert association.is_established
    query = Dataset()
    query.QueryRetrieveLevel, query.PatientName, query.PatientID = "PATIENT", "Roe*", ""
    answers = [answer for _, answer in association.send_c_find(query, PatientRootQueryRetrieveInformationModelFind) if answer]
    assert [str(answer.PatientName) for answer in answers] == ["Roe^Rita"]
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.PatientID = "PATIENT", "P0001"
    statuses = [status.Status for status, _ in association.send_c_get(wanted, PatientRootQueryRetrieveInformationModelGet)]
    association.release()
    assert statuses[-1] == 0x0000
    assert [str(data_set.PatientName) for data_set in received] == ["Roe^Rita"]


def test_instances_that_arrive_meanwhile_are_all_corrected(isolated: Isocenter) -> None:
    server = isolated
    store_well(server, [one()])
    batches = [[one(series=series, number=number) for number in range(1, 41)] for series in (2, 3, 4)]
    senders = [threading.Thread(target=store_well, args=(server, batch)) for batch in batches]
    for sender in senders:
        sender.start()
    for name in ("Roe^Rita", "Poe^Paula", "Loe^Lena"):
        corrected(server, "patient", "P0001", "--set", f"PatientName={name}")
        assert names(server, "PATIENT") == [name]
        # Old or new, but all of one study the same.
        for answer in find(server, "STUDY", model=dd.STUDY_FIND, PatientName=""):
            assert str(answer.PatientName) == name
    for sender in senders:
        sender.join()
    everything = [instance for batch in batches for instance in batch]
    for came in got(server, everything, PatientID="P0001", StudyInstanceUID=everything[0].study):
        assert came.PatientName == "Loe^Lena"
    (answer,) = find(server, "PATIENT", PatientID="P0001", NumberOfPatientRelatedInstances="")
    assert answer.NumberOfPatientRelatedInstances == 121


def test_a_retrieve_that_runs_has_the_values_of_when_it_was_asked_for(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instances = store_well(server, [one(number=number) for number in range(1, 5)])
    came = 0

    def answer(_: Message) -> int:
        nonlocal came
        came += 1
        if came == 1:
            corrected(server, "patient", "P0001", "--set", "PatientName=Roe^Rita")
        return 0x0000

    stored, responses = get(server, "STUDY", storage=kinds(instances), answer=answer, PatientID="P0001", StudyInstanceUID=instances[0].study)
    assert responses[-1].command.status == 0x0000
    assert_returned(instances, stored)
    assert {str(data_set.PatientName) for data_set in got(server, instances, PatientID="P0001", StudyInstanceUID=instances[0].study)} == {"Roe^Rita"}
