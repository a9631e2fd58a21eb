"""The same from several associations at the same moment: one entry each, and no copy lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence

import pytest

import dicom_data as dd
from dicom_data import Instance, data_set_of_file
from exchanges import assert_held, find, get, kinds, storage_contexts
from raw_peer import P_DATA, RawPeer, pdu, pdvs
from server import Isocenter, wait_until

RACERS = 6
ROUNDS = 4


@pytest.fixture(params=["recorder", "each for itself", "threads"])
def server(make_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    """One that records for all, or that nobody reaches, so that all record for themselves."""
    started = make_server({"isolation": "thread" if request.param == "threads" else "process"})
    if request.param == "each for itself":
        socket = started.data / "catalog.recorder"
        wait_until(socket.exists, "the recorder's socket")
        socket.unlink()
    return started


def race(server: Isocenter, instances: Sequence[Instance]) -> list[int]:
    """Sends each instance over an association of its own, the last bytes of all of them at the same moment."""
    start = threading.Barrier(len(instances))
    statuses: list[int] = []

    def send(peer: RawPeer, instance: Instance) -> None:
        pieces = pdvs(peer.context_for(instance.sop_class), peer.store_command(instance.sop_class, instance.sop_instance), instance.encoded, 1_000)
        peer.send(b"".join(pdu(P_DATA, piece) for piece in pieces[:-1]))
        start.wait(30)
        peer.send(pdu(P_DATA, pieces[-1]))
        statuses.append(peer.read_message().command.status)

    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(server.storage_peer(storage_contexts([one]), f"RACER_{number}")) for number, one in enumerate(instances)]
        threads = [threading.Thread(target=send, args=pair) for pair in zip(peers, instances)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for peer in peers:
            peer.release()
    return statuses


def files_of(server: Isocenter, instance: Instance) -> list[bytes]:
    return sorted(data_set_of_file(path)[1] for path in server.vault_files() if path.stem.split("_")[0] == instance.sop_instance)


def images(server: Isocenter, instance: Instance) -> int:
    keys = {"StudyInstanceUID": instance.study, "SeriesInstanceUID": instance.series, "SOPInstanceUID": instance.sop_instance}
    return len(find(server, "IMAGE", dd.STUDY_FIND, **keys))


def assert_in_step(server: Isocenter) -> None:
    assert not [path for path in (server.data / "incoming").rglob("*") if path.is_file()]
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "just being kept" not in verified.stdout, verified.stdout


def test_the_same_data_set_from_several_at_once_is_kept_once(server: Isocenter) -> None:
    for number in range(1, ROUNDS + 1):
        instance = dd.generate(number=number, pixel_bytes=4_000)
        assert race(server, [instance] * RACERS) == [0x0000] * RACERS
        assert files_of(server, instance) == [instance.encoded]
        assert images(server, instance) == 1
        assert_held(server, [instance])
    assert_in_step(server)


def test_different_data_sets_of_one_instance_from_several_at_once_are_all_kept(server: Isocenter) -> None:
    for number in range(1, ROUNDS + 1):
        instances = [dd.generate(number=number, pixel_bytes=4_000, StudyDescription=f"of racer {racer}") for racer in range(RACERS)]
        assert race(server, instances) == [0x0000] * RACERS
        assert files_of(server, instances[0]) == sorted(one.encoded for one in instances)
        assert images(server, instances[0]) == 1
        keys = {"PatientID": instances[0].patient_id, "StudyInstanceUID": instances[0].study, "SeriesInstanceUID": instances[0].series}
        stored, _ = get(server, "IMAGE", storage=kinds(instances), **keys, SOPInstanceUID=instances[0].sop_instance)
        assert len(stored) == 1 and stored[0].data_set in [one.encoded for one in instances]
    assert_in_step(server)


def test_patient_study_and_series_that_several_make_at_once_are_made_once(server: Isocenter) -> None:
    for patient in range(1, ROUNDS + 1):
        instances = [dd.generate(patient=patient, study=1 + racer % 2, number=racer, pixel_bytes=4_000) for racer in range(RACERS)]
        assert race(server, instances) == [0x0000] * RACERS
        counts = {"NumberOfPatientRelatedStudies": "", "NumberOfPatientRelatedInstances": ""}
        (answer,) = find(server, "PATIENT", PatientID=instances[0].patient_id, **counts)
        assert (answer.NumberOfPatientRelatedStudies, answer.NumberOfPatientRelatedInstances) == (2, RACERS)
        counts = {"NumberOfStudyRelatedSeries": "", "NumberOfStudyRelatedInstances": ""}
        studies = find(server, "STUDY", PatientID=instances[0].patient_id, StudyInstanceUID="", **counts)
        assert sorted(str(one.StudyInstanceUID) for one in studies) == sorted({one.study for one in instances})
        assert [(one.NumberOfStudyRelatedSeries, one.NumberOfStudyRelatedInstances) for one in studies] == [(1, RACERS // 2)] * 2
        assert_held(server, instances)
    assert_in_step(server)
