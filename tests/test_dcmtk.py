"""DCMTK's clients, unmodified, against both SCPs; storescp as a move destination."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

import dicom_data as dd
from dicom_data import Instance
from server import Isocenter, free_ports, wait_until

# What storescu proposes for a transfer syntax, with DCMTK's own options.
PROPOSE = {
    dd.IMPLICIT: "-xi",
    dd.EXPLICIT: "-xe",
    dd.BIG_ENDIAN: "-xb",
    dd.DEFLATED: "-xd",
    dd.RLE: "-xr",
    dd.JPEG_BASELINE: "-xy",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.100": "-xm",
    "1.2.840.10008.1.2.4.102": "-xn",
    "1.2.840.10008.1.2.4.107": "-x4",
}


def dcmtk(tool: str, *arguments: str, check: bool = True, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    """Runs a tool of DCMTK."""
    if not shutil.which(tool):
        pytest.fail(f"{tool} is missing: install DCMTK")
    # Our own time is too short to wait for Nagle's algorithm; both ways have to work.
    finished = subprocess.run([tool, *arguments], capture_output=True, text=True, errors="replace", timeout=timeout, check=False, env={**os.environ, "TCP_NODELAY": "1"})
    if check:
        assert finished.returncode == 0, f"{tool} {' '.join(arguments)}\n{finished.stdout}{finished.stderr}"
    return finished


def at_storage(server: Isocenter) -> list[str]:
    return ["-aet", "DCMTK", "-aec", server.store_title, "127.0.0.1", str(server.store_port)]


def at_query(server: Isocenter) -> list[str]:
    return ["-aet", "DCMTK", "-aec", server.query_title, "127.0.0.1", str(server.query_port)]


@pytest.fixture(scope="module")
def instances() -> list[Instance]:
    return dd.tree()


@pytest.fixture(scope="module", params=["process", "thread"])
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest, instances: list[Instance], tmp_path_factory: pytest.TempPathFactory) -> Isocenter:
    (port,) = free_ports(1)
    started = make_shared_server({"isolation": request.param, "peer": [{"ae-title": "STORESCP", "host": "127.0.0.1", "port": port}]})
    started.destination_port = port
    folder = tmp_path_factory.mktemp("tree")
    for instance in instances:
        instance.write(folder / instance.patient_id.replace("/", "_") / f"{instance.sop_instance}.dcm")
    dcmtk("storescu", "+sd", "+r", "-R", *at_storage(started), str(folder))
    return started


def answers(server: Isocenter, folder: Path, model: str, *keys: str) -> list[Dataset]:
    """What findscu gets."""
    folder.mkdir()
    options = [part for key in keys for part in ("-k", key)]
    dcmtk("findscu", model, "-X", "-od", str(folder), *options, *at_query(server))
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


def test_echoscu(server: Isocenter) -> None:
    dcmtk("echoscu", *at_storage(server))
    dcmtk("echoscu", *at_query(server))


@pytest.mark.parametrize("model", ["-P", "-S", "-O"])
def test_findscu_studies(server: Isocenter, tmp_path: Path, model: str) -> None:
    above = [] if model == "-S" else ["PatientID=PAT-1"]
    found = answers(server, tmp_path / "out", model, "QueryRetrieveLevel=STUDY", *above, "PatientName=M*", "StudyInstanceUID", "NumberOfStudyRelatedInstances", "ModalitiesInStudy")
    got = {str(one.StudyInstanceUID): (int(one.NumberOfStudyRelatedInstances), one.ModalitiesInStudy if isinstance(one.ModalitiesInStudy, str) else sorted(one.ModalitiesInStudy)) for one in found}
    expected = {dd.uid(1, 1): (6, ["CT", "SR"]), dd.uid(1, 2): (2, "MR")}
    if model == "-S":
        expected |= {dd.uid(2, 1): (1, "CR"), dd.uid(3, 1): (3, ["OT", "US"]), dd.uid(4, 1): (1, "CT")}
    assert got == expected


@pytest.mark.parametrize("model", ["-P", "-O"])
def test_findscu_patients(server: Isocenter, tmp_path: Path, model: str) -> None:
    found = answers(server, tmp_path / "out", model, "QueryRetrieveLevel=PATIENT", "PatientID=PAT*", "PatientBirthDate", "NumberOfPatientRelatedStudies")
    got = {str(one.PatientID): (str(one.PatientBirthDate), int(one.NumberOfPatientRelatedStudies)) for one in found}
    assert got == {"PAT-1": ("19610203", 2), "PAT-2": ("19791231", 1), "PAT-3": ("19500615", 1)}


@pytest.mark.parametrize("model", ["-P", "-S"])
def test_findscu_series_and_images(server: Isocenter, tmp_path: Path, model: str) -> None:
    above = ([] if model == "-S" else ["PatientID=PAT-1"]) + [f"StudyInstanceUID={dd.uid(1, 1)}"]
    found = answers(server, tmp_path / "series", model, "QueryRetrieveLevel=SERIES", *above, "SeriesInstanceUID", "Modality", "NumberOfSeriesRelatedInstances")
    assert {(str(one.SeriesInstanceUID), str(one.Modality), int(one.NumberOfSeriesRelatedInstances)) for one in found} == {(dd.uid(1, 1, 1), "CT", 3), (dd.uid(1, 1, 2), "CT", 2), (dd.uid(1, 1, 3), "SR", 1)}
    found = answers(server, tmp_path / "images", model, "QueryRetrieveLevel=IMAGE", *above, f"SeriesInstanceUID={dd.uid(1, 1, 1)}", "SOPInstanceUID", "InstanceNumber")
    assert {(str(one.SOPInstanceUID), int(one.InstanceNumber)) for one in found} == {(dd.uid(1, 1, 1, number), number) for number in (1, 2, 3)}


def vault_data_sets(server: Isocenter, chosen: Callable[[Path], bool] = lambda _: True) -> dict[str, bytes]:
    """The data sets in the vault by SOP Instance UID."""
    return {path.stem: dd.data_set_of_file(path)[1] for path in server.vault_files() if chosen(path)}


def received_data_sets(folder: Path) -> dict[str, bytes]:
    """The data sets of the files that a tool of DCMTK wrote."""
    found = {}
    for path in folder.iterdir():
        meta, data_set = dd.data_set_of_file(path)
        found[str(meta.MediaStorageSOPInstanceUID)] = data_set
    return found


@pytest.mark.parametrize(
    ("model", "keys", "part"),
    [
        ("-P", ["QueryRetrieveLevel=PATIENT", "PatientID=PAT-1"], dd.uid(1) + "."),
        ("-P", ["QueryRetrieveLevel=STUDY", "PatientID=PAT-1", f"StudyInstanceUID={dd.uid(1, 1)}"], dd.uid(1, 1) + "."),
        ("-S", ["QueryRetrieveLevel=STUDY", f"StudyInstanceUID={dd.uid(1, 1)}"], dd.uid(1, 1) + "."),
        ("-S", ["QueryRetrieveLevel=SERIES", f"StudyInstanceUID={dd.uid(1, 1)}", f"SeriesInstanceUID={dd.uid(1, 1, 2)}"], dd.uid(1, 1, 2) + "."),
        ("-S", ["QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={dd.uid(1, 1)}", f"SeriesInstanceUID={dd.uid(1, 1, 2)}", f"SOPInstanceUID={dd.uid(1, 1, 2, 1)}"], dd.uid(1, 1, 2, 1)),
    ],
)
def test_getscu_and_movescu_bring_the_bytes_back(server: Isocenter, tmp_path: Path, model: str, keys: list[str], part: str) -> None:
    expected = {uid: encoded for uid, encoded in vault_data_sets(server).items() if uid.startswith(part)}
    assert expected
    options = [item for key in keys for item in ("-k", key)]
    got = tmp_path / "got"
    got.mkdir()
    dcmtk("getscu", "+B", model, "-od", str(got), *options, *at_query(server))
    assert received_data_sets(got) == expected

    moved = tmp_path / "moved"
    moved.mkdir()
    receiver = subprocess.Popen(
        ["storescp", "+B", "+xa", "-aet", "STORESCP", "-od", str(moved), str(server.destination_port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TCP_NODELAY": "1"},
    )
    try:
        wait_until(lambda: dcmtk("echoscu", "127.0.0.1", str(server.destination_port), check=False).returncode == 0, "storescp")
        dcmtk("movescu", model, "-aem", "STORESCP", *options, *at_query(server))
        wait_until(lambda: len(list(moved.iterdir())) == len(expected), "the moved files")
    finally:
        receiver.terminate()
        receiver.wait(30)
    assert received_data_sets(moved) == expected


@pytest.mark.parametrize("syntax", PROPOSE, ids=PROPOSE.values())
def test_storescu_in_each_of_its_transfer_syntaxes(server: Isocenter, tmp_path: Path, syntax: str) -> None:
    number = list(PROPOSE).index(syntax) + 1
    instance = dd.generate(patient=60, number=number, transfer_syntax=syntax, sop_class=dd.SC)
    path = instance.write(tmp_path / "one.dcm")
    dcmtk("storescu", PROPOSE[syntax], "-R", *at_storage(server), str(path))
    (kept,) = [path for path in server.vault_files() if path.stem == instance.sop_instance]
    meta, data_set = dd.data_set_of_file(kept)
    assert meta.TransferSyntaxUID == syntax
    sent, read = dd.decode(instance.encoded, syntax), dd.decode(data_set, syntax)
    # DCMTK writes the data set anew; what it says is the same.
    assert read == sent


def test_storescu_with_a_configuration_file_of_own_contexts(server: Isocenter, tmp_path: Path) -> None:
    """`storescu -xf`, as people send compressed files."""
    syntax = "1.2.840.10008.1.2.4.57"
    config = tmp_path / "storescu.cfg"
    config.write_text(
        "[[TransferSyntaxes]]\n[Compressed]\nTransferSyntax1 = JPEGLosslessNonHierarchical\n"
        "[[PresentationContexts]]\n[Contexts]\nPresentationContext1 = SecondaryCaptureImageStorage\\Compressed\n"
        "[[Profiles]]\n[Mine]\nPresentationContexts = Contexts\n".replace("JPEGLosslessNonHierarchical", syntax)
    )
    instance = dd.generate(patient=61, sop_class=dd.SC, transfer_syntax=syntax)
    dcmtk("storescu", "-xf", str(config), "Mine", *at_storage(server), str(instance.write(tmp_path / "one.dcm")))
    (kept,) = [path for path in server.vault_files() if path.stem == instance.sop_instance]
    assert dd.data_set_of_file(kept)[0].TransferSyntaxUID == syntax


def test_storescu_with_nagles_algorithm_left_on(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    """Unmodified clients: no TCP_NODELAY, small PDUs."""
    server = make_server()
    for number in range(1, 31):
        dd.generate(number=number, pixel_bytes=20_000).write(tmp_path / "out" / f"{number}.dcm")
    environment = {key: value for key, value in os.environ.items() if key != "TCP_NODELAY"}
    finished = subprocess.run(["storescu", "+sd", "-pdu", "4096", *at_storage(server), str(tmp_path / "out")], capture_output=True, timeout=100, check=False, env=environment)
    assert finished.returncode == 0
    assert len(server.vault_files()) == 30


def test_movescu_to_an_unknown_destination_says_so(server: Isocenter) -> None:
    failed = dcmtk("movescu", "-v", "-S", "-aem", "NOBODY", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={dd.uid(1, 1)}", *at_query(server), check=False)
    assert "MoveDestinationUnknown" in failed.stdout + failed.stderr or "a801" in (failed.stdout + failed.stderr).lower()
