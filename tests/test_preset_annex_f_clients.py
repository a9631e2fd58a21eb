"""`preset = "annex-f"`: DCMTK's tools and pynetdicom, as they are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association

import dicom_data as dd
from dicom_data import Instance
from raw_peer import VERIFICATION
from server import Isocenter, free_ports, wait_until
from test_dcmtk import at_query, at_storage, dcmtk, received_data_sets, vault_data_sets

S11 = dd.uid(1, 1)


# So that what comes out can be held against what went in, byte for byte; test_preset_annex_f_arrival.py has the names.
WHOLE_NAMES = {"storage-scp": {"names": "as-received"}}


@pytest.fixture(scope="module")
def instances() -> list[Instance]:
    """The images of the tree, and ultrasound in JPEG Baseline."""
    jpeg = [dd.generate(patient=9, number=number, sop_class=dd.US, transfer_syntax=dd.JPEG_BASELINE, modality="US") for number in (1, 2)]
    return [one for one in dd.tree() if one.sop_class in dd.ANNEX_F_CLASSES] + jpeg


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter], instances: list[Instance], tmp_path_factory: pytest.TempPathFactory) -> Isocenter:
    (port,) = free_ports(1)
    started = make_shared_server({"preset": "annex-f", **WHOLE_NAMES, "peer": [{"ae-title": "RECEIVER", "host": "127.0.0.1", "port": port}]})
    started.receiver_port = port
    for option, chosen in (("-R", lambda one: one.transfer_syntax != dd.JPEG_BASELINE), ("-xy", lambda one: one.transfer_syntax == dd.JPEG_BASELINE)):
        folder = tmp_path_factory.mktemp("out")
        for instance in filter(chosen, instances):
            instance.write(folder / f"{instance.sop_instance}.dcm")
        dcmtk("storescu", "+sd", option, *at_storage(started), str(folder))
    return started


def test_everything_that_storescu_sent_is_held(server: Isocenter, instances: list[Instance]) -> None:
    assert set(vault_data_sets(server)) == {one.sop_instance for one in instances}


def test_storescu_does_not_get_rid_of_what_is_no_image(server: Isocenter, tmp_path: Path) -> None:
    report = dd.generate(patient=8, sop_class=dd.BASIC_TEXT_SR, modality="SR").write(tmp_path / "report.dcm")
    refused = dcmtk("storescu", "-v", *at_storage(server), str(report), check=False)
    assert refused.returncode != 0


def test_echoscu(server: Isocenter) -> None:
    dcmtk("echoscu", *at_storage(server))
    dcmtk("echoscu", *at_query(server))


def test_a_tool_that_calls_another_title_is_told_so(server: Isocenter) -> None:
    refused = dcmtk("echoscu", "-v", "-aec", "ANY-SCP", "127.0.0.1", str(server.query_port), check=False)
    assert refused.returncode != 0
    assert "Called AE Title Not Recognized" in refused.stdout + refused.stderr


def answers(server: Isocenter, folder: Path, model: str, *keys: str) -> list[Dataset]:
    """What findscu gets."""
    folder.mkdir()
    dcmtk("findscu", model, "-X", "-od", str(folder), *(part for key in keys for part in ("-k", key)), *at_query(server))
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


def test_findscu_at_all_levels(server: Isocenter, tmp_path: Path) -> None:
    found = answers(server, tmp_path / "patients", "-P", "QueryRetrieveLevel=PATIENT", "PatientID=PAT*", "PatientName")
    assert {str(one.PatientID) for one in found} == {"PAT-1", "PAT-2", "PAT-3"}
    found = answers(server, tmp_path / "studies", "-S", "QueryRetrieveLevel=STUDY", "PatientName=M*", "StudyInstanceUID", "StudyDate=20240101-")
    assert {str(one.StudyInstanceUID) for one in found} == {S11, dd.uid(1, 2), dd.uid(3, 1)}
    found = answers(server, tmp_path / "series", "-P", "QueryRetrieveLevel=SERIES", "PatientID=PAT-1", f"StudyInstanceUID={S11}", "SeriesInstanceUID", "Modality=CT")
    assert {str(one.SeriesInstanceUID) for one in found} == {dd.uid(1, 1, 1), dd.uid(1, 1, 2)}
    found = answers(server, tmp_path / "images", "-S", "QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={S11}", f"SeriesInstanceUID={dd.uid(1, 1, 1)}", "SOPInstanceUID", "InstanceNumber=2")
    assert {str(one.SOPInstanceUID) for one in found} == {dd.uid(1, 1, 1, 2)}


def test_findscu_that_asks_for_everything_is_told_that_it_is_not_done(server: Isocenter) -> None:
    refused = dcmtk("findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", *at_query(server), check=False)
    assert "UnableToProcess" in refused.stdout + refused.stderr


def test_getscu_finds_no_such_service(server: Isocenter, tmp_path: Path) -> None:
    refused = dcmtk("getscu", "-S", "-od", str(tmp_path), "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={S11}", *at_query(server), check=False)
    assert refused.returncode != 0


@pytest.mark.parametrize(
    ("model", "keys", "part"),
    [
        ("-P", ["QueryRetrieveLevel=PATIENT", "PatientID=PAT-1"], dd.uid(1) + "."),
        ("-P", ["QueryRetrieveLevel=STUDY", "PatientID=P0009", f"StudyInstanceUID={dd.uid(9, 1)}"], dd.uid(9, 1) + "."),
        ("-S", ["QueryRetrieveLevel=STUDY", f"StudyInstanceUID={S11}"], S11 + "."),
        ("-S", ["QueryRetrieveLevel=SERIES", f"StudyInstanceUID={S11}", f"SeriesInstanceUID={dd.uid(1, 1, 2)}"], dd.uid(1, 1, 2) + "."),
    ],
)
def test_movescu_to_storescp(server: Isocenter, tmp_path: Path, model: str, keys: list[str], part: str) -> None:
    expected = {uid: encoded for uid, encoded in vault_data_sets(server).items() if uid.startswith(part)}
    receiver = subprocess.Popen(
        ["storescp", "+B", "+xa", "-aet", "RECEIVER", "-od", str(tmp_path), str(server.receiver_port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TCP_NODELAY": "1"},
    )
    try:
        wait_until(lambda: dcmtk("echoscu", "127.0.0.1", str(server.receiver_port), check=False).returncode == 0, "storescp")
        dcmtk("movescu", model, "-aem", "RECEIVER", *(item for key in keys for item in ("-k", key)), *at_query(server))
        wait_until(lambda: len(list(tmp_path.iterdir())) == len(expected), "the moved files")
    finally:
        receiver.terminate()
        receiver.wait(30)
    assert received_data_sets(tmp_path) == expected


# --- pynetdicom --------------------------------------------------------------------------------------------------------


@pytest.fixture
def associate(server: Isocenter) -> Iterator[Callable[..., Association]]:
    """Opens associations with QUERY-RETRIEVE-SCP that are released at the end."""
    opened: list[Association] = []

    def open_one(*models: str) -> Association:
        association = AE("PYNETDICOM").associate(*server.query_address, [build_context(model, dd.IMPLICIT) for model in models], ae_title=server.query_title)
        assert association.is_established
        opened.append(association)
        return association

    yield open_one
    for association in opened:
        association.release()


def request(level: str, **keys: object) -> Dataset:
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return ds


def test_pynetdicom_verifies_and_queries(associate: Callable[..., Association]) -> None:
    assert associate(VERIFICATION).send_c_echo().Status == 0x0000
    got = [status.Status for status, _ in associate(dd.PATIENT_FIND).send_c_find(request("STUDY", PatientID="PAT-1", StudyInstanceUID=""), dd.PATIENT_FIND)]
    assert got == [0xFF00, 0xFF00, 0x0000]
    got = [status.Status for status, _ in associate(dd.STUDY_FIND).send_c_find(request("STUDY", StudyInstanceUID=""), dd.STUDY_FIND)]
    assert got == [0xC001]


def test_pynetdicom_stores_and_moves(make_server: Callable[..., Isocenter], instances: list[Instance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pynetdicom import _config

    # The file's own bytes, not a data set that was read and written anew.
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    received: dict[str, bytes] = {}

    def on_store(event: evt.Event) -> int:
        received[event.request.AffectedSOPInstanceUID] = event.request.DataSet.getvalue()
        return 0x0000

    receiver = AE("RECEIVER")
    for sop_class in dd.ANNEX_F_CLASSES:
        receiver.add_supported_context(sop_class, [dd.IMPLICIT, dd.EXPLICIT, dd.JPEG_BASELINE])
    scp = receiver.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, on_store)])
    try:
        server = make_server({"preset": "annex-f", **WHOLE_NAMES, "peer": [{"ae-title": "RECEIVER", "host": "127.0.0.1", "port": scp.socket.getsockname()[1]}]})
        proposed = [build_context(sop_class, syntax) for sop_class, syntax in sorted({(one.sop_class, one.transfer_syntax) for one in instances})]
        sender = AE("PYNETDICOM").associate(*server.store_address, proposed, ae_title=server.store_title)
        for instance in instances:
            assert sender.send_c_store(instance.write(tmp_path / f"{instance.sop_instance}.dcm")).Status == 0x0000
        sender.release()
        for patient_id in sorted({one.patient_id for one in instances}):
            association = AE("PYNETDICOM").associate(*server.query_address, [build_context(dd.PATIENT_MOVE, dd.IMPLICIT)], ae_title=server.query_title)
            statuses = [status.Status for status, _ in association.send_c_move(request("PATIENT", PatientID=patient_id), "RECEIVER", dd.PATIENT_MOVE)]
            assert (set(statuses[:-1]), statuses[-1]) == ({0xFF00}, 0x0000)
            association.release()
        assert received == {one.sop_instance: one.encoded for one in instances}
    finally:
        scp.shutdown()
