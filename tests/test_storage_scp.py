"""STORAGE-SCP: what is received is kept as it came, found and sent back byte for byte."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import _STORAGE_CLASSES

import dicom_data as dd
import raw_peer
from exchanges import assert_held, assert_returned, find, get, kinds, storage_contexts, store, store_well
from raw_peer import C_ECHO_RQ, NO_DATA_SET, VERIFICATION, Proposed, RawPeer, command_set, contexts
from server import Isocenter, wait_until


@pytest.fixture(scope="module", params=["process", "thread"])
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    return make_shared_server({"isolation": request.param})


# --- As received ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SIL-079", "SCP-048")
@pytest.mark.parametrize("syntax", dd.transfer_syntaxes())
def test_scu_023_sil_078_every_transfer_syntax_is_kept_as_received(server: Isocenter, syntax: str) -> None:
    number = dd.transfer_syntaxes().index(syntax) + 1
    instance = dd.rich(syntax, patient=100, series=number, PatientID=f"SYNTAX-{number}")
    with server.storage_peer(contexts((dd.CT, [syntax]))) as peer:
        assert peer.accepted.syntaxes[1] == syntax
        assert peer.store(instance) == 0x0000
        peer.release()
    (path,) = [path for path in server.vault_files() if path.name == f"{instance.sop_instance}.dcm"]
    meta, data_set = dd.data_set_of_file(path)
    assert data_set == instance.encoded
    assert meta.TransferSyntaxUID == syntax
    assert meta.MediaStorageSOPClassUID == instance.sop_class
    assert meta.MediaStorageSOPInstanceUID == instance.sop_instance
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.ImplementationClassUID == peer.accepted.implementation_class
    assert meta.SourceApplicationEntityTitle == "RAW_SCU"
    # The catalog read the data set, too.
    (found,) = find(server, "PATIENT", PatientID=instance.patient_id, PatientName="")
    assert str(found.PatientName) == "Generated^Patient100"
    stored, responses = get(server, "PATIENT", storage=kinds([instance]), PatientID=instance.patient_id)
    assert responses[-1].command.status == 0x0000
    assert_returned([instance], stored)


def test_pynetdicom_stores_and_gets_all_transfer_syntaxes_it_can_propose(server: Isocenter, tmp_path, monkeypatch) -> None:
    from pynetdicom import _config
    from pynetdicom._globals import ALL_TRANSFER_SYNTAXES

    # The file's own bytes, not a data set that was read and written anew.
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    # All but the real-time video of PS3.22, which no association carries.
    syntaxes = [syntax for syntax in map(str, ALL_TRANSFER_SYNTAXES) if syntax in dd.transfer_syntaxes()]
    assert len(syntaxes) > 40
    instances = [dd.rich(syntax, number=number, patient=101, PatientID="PYNETDICOM") for number, syntax in enumerate(syntaxes, 1)]
    proposed = [build_context(dd.CT, syntax) for syntax in syntaxes]
    association = AE("PYNETDICOM").associate(*server.store_address, proposed, ae_title=server.store_title)
    assert association.is_established
    for instance in instances:
        path = instance.write(tmp_path / f"{instance.sop_instance}.dcm")
        assert association.send_c_store(path).Status == 0x0000, instance.transfer_syntax
    association.release()
    stored, responses = get(server, "PATIENT", storage=kinds(instances), PatientID="PYNETDICOM")
    assert responses[-1].command.status == 0x0000
    assert_returned(instances, stored)


def test_scp_037_the_vault_is_a_tree_of_ordinary_files(server: Isocenter) -> None:
    instance = dd.generate(patient=102)
    store_well(server, [instance])
    (path,) = [path for path in server.vault_files() if path.name == f"{instance.sop_instance}.dcm"]
    *day, study, series, _ = path.relative_to(server.data / "vault").parts
    assert re.fullmatch(r"\d{4}/\d\d/\d\d", "/".join(day))
    assert (study, series) == (instance.study, instance.series)
    assert dcmread(path).PatientID == instance.patient_id


def test_scp_039_private_elements_and_nested_sequences_are_kept(server: Isocenter) -> None:
    instances = [dd.rich(syntax, patient=103, number=number) for number, syntax in enumerate((dd.IMPLICIT, dd.EXPLICIT, dd.BIG_ENDIAN), 1)]
    store_well(server, instances)
    assert_held(server, instances)


def test_scp_038_any_mix_of_studies_over_any_associations(server: Isocenter) -> None:
    instances = [
        dd.generate(patient=104 + patient, study=study, series=series, number=number)
        for number in (1, 2)
        for series in (1, 2)
        for study in (1, 2)
        for patient in (0, 1)
    ]
    store_well(server, instances[::2])
    store_well(server, instances[1::2])
    assert_held(server, instances)
    for patient in (104, 105):
        found = find(server, "STUDY", PatientID=f"P{patient:04}", StudyInstanceUID="", NumberOfStudyRelatedSeries="", NumberOfStudyRelatedInstances="")
        assert [(int(one.NumberOfStudyRelatedSeries), int(one.NumberOfStudyRelatedInstances)) for one in found] == [(2, 4), (2, 4)]


@pytest.mark.parametrize("sop_class", [dd.CR, dd.US, dd.MULTI_FRAME_SC, dd.ECG, dd.KEY_OBJECT, dd.ENCAPSULATED_PDF, dd.RT_PLAN, dd.NM_RETIRED])
def test_instances_that_are_no_images_are_kept_as_well(server: Isocenter, sop_class: str) -> None:
    instance = dd.generate(patient=106, sop_class=sop_class, series=int(sop_class.replace(".", "")[-4:]), modality="OT")
    del instance.data_set.PixelData
    instance = instance.with_bytes(dd.encode(instance.data_set, instance.transfer_syntax))
    store_well(server, [instance])
    assert_held(server, [instance])


def test_data_sets_with_odd_but_readable_content_are_kept(server: Isocenter) -> None:
    """What real modalities send: group lengths, padded UIDs, values longer than their VR allows, no Patient ID."""
    odd = [
        dd.generate(patient=107, series=1, AccessionNumber="longer than the sixteen characters of an SH"),
        dd.generate(patient=107, series=2, StudyDate="2026.01.02", PatientBirthDate="unknown "),
        dd.generate(patient=107, series=3, StudyDate=None, StudyTime=None, PatientName=None, PatientSex=None),
        dd.generate(patient=107, series=4, SeriesNumber="", InstanceNumber=""),
        dd.generate(patient=107, series=5, Modality=None),
    ]
    with_group_length = dd.generate(patient=107, series=6)
    with_group_length = with_group_length.with_bytes(b"\x08\x00\x00\x00UL\x04\x00\x7b\x00\x00\x00" + with_group_length.encoded)
    statuses = store(server, [*odd, with_group_length])
    assert set(statuses) == {0x0000}, [f"{status:04X}" for status in statuses]
    assert_held(server, [*odd, with_group_length])


def test_unknown_character_set_and_wrong_bytes_do_not_stop_a_store(server: Isocenter) -> None:
    unknown = dd.generate(patient=108, series=1)
    unknown.data_set.SpecificCharacterSet = "ISO_IR 999"
    unknown = unknown.with_bytes(dd.encode(unknown.data_set, unknown.transfer_syntax))
    wrong = dd.generate(patient=108, series=2, PatientName="XXXXXXXX")
    wrong = wrong.with_bytes(wrong.encoded.replace(b"ISO_IR 100", b"ISO_IR 192").replace(b"XXXXXXXX", b"M\xfcller^\xff"))
    assert set(store(server, [unknown, wrong])) == {0x0000}
    assert_held(server, [unknown, wrong])


# --- Offers --------------------------------------------------------------------------------------------------------


def test_every_storage_sop_class_is_accepted(server: Isocenter) -> None:
    classes = sorted({str(uid) for uid in _STORAGE_CLASSES.values()} | set(dd.ANNEX_F_CLASSES) | {dd.NM_RETIRED})
    assert len(classes) > 100
    refused = []
    for start in range(0, len(classes), 128):
        some = classes[start : start + 128]
        with server.storage_peer(contexts(*((sop_class, [dd.IMPLICIT]) for sop_class in some))) as peer:
            refused += [peer.proposed[id_].abstract_syntax for id_, result in peer.accepted.results.items() if result != 0]
            peer.release()
    # A normalized class and a class of queries only share the word "Storage" with the others.
    assert refused == []


def test_scp_036_verification(server: Isocenter) -> None:
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]))) as peer:
        assert [peer.echo() for _ in range(5)] == [0] * 5
        peer.release()


def test_sil_013_unknown_and_private_sop_classes_are_refused_until_configured(server: Isocenter, make_server: Callable[..., Isocenter]) -> None:
    private = f"{dd.ROOT}.99.1"
    with server.storage_peer(contexts((private, [dd.EXPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        assert peer.accepted.results == {1: 3, 3: 0}
    configured = make_server({"storage-scp": {"sop-classes-added": [private]}})
    instance = dd.generate(sop_class=private)
    store_well(configured, [instance])
    assert_held(configured, [instance])


def test_scp_002_sop_classes_can_be_removed(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"sop-classes-removed": [dd.MR]}})
    with server.storage_peer(contexts((dd.MR, [dd.EXPLICIT]), (dd.CT, [dd.EXPLICIT]))) as peer:
        assert peer.accepted.results == {1: 3, 3: 0}


@pytest.mark.requirement("CFG-039")
def test_scp_021_transfer_syntaxes_can_be_narrowed_but_never_the_default_one(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"transfer-syntaxes": [dd.EXPLICIT]}})
    proposed = contexts((dd.CT, [dd.EXPLICIT]), (dd.CT, [dd.JPEG_BASELINE]), (dd.CT, [dd.IMPLICIT]))
    with server.storage_peer(proposed) as peer:
        assert peer.accepted.results == {1: 0, 3: 4, 5: 0}


@pytest.mark.requirement("CFG-040")
def test_scp_023_the_order_of_preference_is_configurable(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"transfer-syntax-order": [dd.RLE, dd.IMPLICIT]}})
    proposed = contexts((dd.CT, [dd.EXPLICIT, dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT, dd.IMPLICIT, dd.RLE]))
    with server.storage_peer(proposed) as peer:
        assert peer.accepted.syntaxes == {1: dd.IMPLICIT, 3: dd.RLE}


# --- The same SOP Instance UID again (design 5; SCP-041 is annex-f's) ------------------------------------------------


def test_the_same_instance_again_is_answered_with_success_and_kept_once(server: Isocenter) -> None:
    instance = dd.generate(patient=110)
    store_well(server, [instance, instance])
    store_well(server, [instance])
    assert len([path for path in server.vault_files() if instance.sop_instance in path.name]) == 1
    (found,) = find(server, "SERIES", PatientID=instance.patient_id, StudyInstanceUID=instance.study, SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")
    assert int(found.NumberOfSeriesRelatedInstances) == 1
    assert_held(server, [instance])


def test_a_different_instance_under_a_known_uid_is_kept_beside_it_and_current(server: Isocenter) -> None:
    first = dd.generate(patient=111, StudyDescription="first")
    second = dd.generate(patient=111, StudyDescription="second", ImageComments="corrected")
    assert first.sop_instance == second.sop_instance and first.encoded != second.encoded
    store_well(server, [first])
    store_well(server, [second])
    contents = [dd.data_set_of_file(path)[1] for path in server.vault_files() if instance_of(path) == first.sop_instance]
    assert sorted(contents) == sorted([first.encoded, second.encoded])
    assert_held(server, [second])
    (found,) = find(server, "SERIES", PatientID=first.patient_id, StudyInstanceUID=first.study, SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")
    assert int(found.NumberOfSeriesRelatedInstances) == 1


def instance_of(path) -> str:
    """The SOP Instance UID that a vault file's name says; a later version has a suffix."""
    return path.name.removesuffix(".dcm").split("_")[0]


@pytest.mark.parametrize("copies", ["identical", "different"])
def test_the_same_uid_from_several_associations_at_once(make_server: Callable[..., Isocenter], copies: str) -> None:
    server = make_server()
    comments = [f"copy {number if copies == 'different' else 0}" for number in range(8)]
    instances = [dd.generate(pixel_bytes=20_000, ImageComments=comment) for comment in comments]
    statuses: list[int] = []
    start = threading.Barrier(8)

    def sender(instance: dd.Instance) -> None:
        with server.storage_peer(storage_contexts([instance])) as peer:
            start.wait(30)
            statuses.append(peer.store(instance))
            peer.release()

    threads = [threading.Thread(target=sender, args=(instance,)) for instance in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0x0000] * 8
    kept = sorted(dd.data_set_of_file(path)[1] for path in server.vault_files())
    assert kept == sorted({instance.encoded for instance in instances})
    (patient,) = find(server, "PATIENT", PatientID=instances[0].patient_id, NumberOfPatientRelatedStudies="", NumberOfPatientRelatedSeries="", NumberOfPatientRelatedInstances="")
    assert [int(patient[f"NumberOfPatientRelated{what}"].value) for what in ("Studies", "Series", "Instances")] == [1, 1, 1]
    stored, responses = get(server, "PATIENT", storage=kinds(instances), PatientID=instances[0].patient_id)
    assert len(stored) == 1 and stored[0].data_set in kept


@pytest.mark.parametrize(("padding", "patient"), [(b" ", 112), (b"\0", 113)], ids=["space", "NUL"])
def test_padding_of_uids_does_not_count(server: Isocenter, padding: bytes, patient: int) -> None:
    """Some senders pad UIDs with a space (PS3.5 6.2 asks for a NUL)."""
    instance = dd.generate(patient=patient, number=12)
    encoded = instance.encoded
    uids = [uid for uid in (instance.study, instance.series, instance.sop_instance) if len(uid) % 2]
    assert uids
    for uid in uids:
        encoded = encoded.replace(uid.encode() + b"\0", uid.encode() + padding)
    instance = instance.with_bytes(encoded)
    store_well(server, [instance])
    assert_held(server, [instance])
    assert f"{instance.sop_instance}.dcm" in {path.name for path in server.vault_files()}


# --- DIMSE ---------------------------------------------------------------------------------------------------------


def test_the_response_repeats_what_the_request_said(server: Isocenter) -> None:
    instance = dd.generate(patient=120)
    with server.storage_peer(storage_contexts([instance])) as peer:
        for message_id in (1, 0, 65535, 7, 7):
            peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance, message_id), instance.encoded)
            message = peer.read_message()
            assert message.context == 1 and message.data_set is None
            assert message.command.command_field == raw_peer.C_STORE_RSP
            assert message.command.responded_to == message_id
            assert message.command.affected_sop_class == instance.sop_class
            assert message.command.affected_sop_instance == instance.sop_instance
            assert message.command.status == 0x0000


def test_scp_007_requests_sent_without_waiting_are_answered_one_after_the_other(server: Isocenter) -> None:
    instances = [dd.generate(patient=121, number=number) for number in range(1, 11)]
    with server.storage_peer(storage_contexts(instances)) as peer:
        for number, instance in enumerate(instances, 1):
            peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance, number), instance.encoded)
        answers = [peer.read_message().command for _ in instances]
        assert [answer.responded_to for answer in answers] == list(range(1, 11))
        assert {answer.status for answer in answers} == {0x0000}
    assert_held(server, instances)


@pytest.mark.parametrize("field", [0x0110, 0x0120, 0x0140, 0x0150, 0x0042])
def test_sil_056_operations_that_are_not_offered_are_answered(server: Isocenter, field: int) -> None:
    """N-GET, N-SET, N-CREATE, N-DELETE and a command field that does not exist."""
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        command = command_set(requested_sop_class=dd.CT, command_field=field, message_id=9, data_set_type=NO_DATA_SET, requested_sop_instance="1.2.3")
        peer.send_message(1, command)
        try:
            answer = peer.read_message().command
            assert answer.responded_to == 9
            assert answer.status in (0x0211, 0x0122, 0x0112), f"{answer.status:04X}"
            assert answer.command_field == field | 0x8000
            assert peer.echo() == 0x0000
        except raw_peer.OtherPdu as other:
            assert field == 0x0042 and other.pdu.type == raw_peer.ABORT


def test_echo_on_a_storage_context_or_a_store_on_the_verification_context(server: Isocenter) -> None:
    """A SOP class that is not the context's (SIL-072): no success, and the server lives."""
    instance = dd.generate(patient=122)
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]))) as peer:
        peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance), instance.encoded)
        try:
            assert peer.read_message().command.status not in (0x0000, 0xB000, 0xB006, 0xB007)
        except raw_peer.OtherPdu as other:
            assert other.pdu.type == raw_peer.ABORT
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]))) as peer:
        peer.send_message(3, command_set(affected_sop_class=VERIFICATION, command_field=C_ECHO_RQ, message_id=1, data_set_type=NO_DATA_SET))
        try:
            peer.read_message()
        except raw_peer.OtherPdu as other:
            assert other.pdu.type == raw_peer.ABORT
    assert find(server, "PATIENT", PatientID=instance.patient_id) == []


def test_scp_055_earlier_instances_stay_when_the_association_is_lost(server: Isocenter) -> None:
    instances = [dd.generate(patient=123, number=number, pixel_bytes=200_000) for number in (1, 2, 3)]
    peer = server.storage_peer(storage_contexts(instances), "LOST")
    assert [peer.store(instance) for instance in instances[:2]] == [0, 0]
    peer.send_message(1, peer.store_command(instances[2].sop_class, instances[2].sop_instance))
    peer.send(raw_peer.pdu(raw_peer.P_DATA, raw_peer.pdvs(1, b"", instances[2].encoded, 10_000)[1]))
    peer.close()
    assert_held(server, instances[:2])
    (found,) = find(server, "SERIES", PatientID=instances[0].patient_id, StudyInstanceUID=instances[0].study, SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")
    assert int(found.NumberOfSeriesRelatedInstances) == 2
    wait_until(lambda: not [path for path in (server.data / "incoming").rglob("*") if path.is_file() and path.stat().st_size > 0], "the end of the half-received instance")


def test_scp_045_an_instance_stays_when_its_response_could_not_be_sent(server: Isocenter) -> None:
    instance = dd.generate(patient=124)
    peer = server.storage_peer(storage_contexts([instance]), "HASTY")
    peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance), instance.encoded)
    peer.close()
    wait_until(lambda: find(server, "PATIENT", PatientID=instance.patient_id), "the instance of a peer that did not wait")
    assert_held(server, [instance])


def test_cfg_014_cfg_026_scp_053_idle_associations_are_aborted(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"idle-timeout": "1s"}, "query-retrieve-scp": {"idle-timeout": "1s"}})
    for associate in (server.storage_peer, server.query_peer):
        with associate([Proposed(1, VERIFICATION)], "DOZING") as peer:
            assert peer.echo() == 0x0000
            peer.expect_abort()


def test_scp_054_a_data_set_that_stops_is_dropped(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"network": {"between-packets-timeout": "1s"}})
    instance = dd.generate(pixel_bytes=100_000)
    with server.storage_peer(storage_contexts([instance]), "STALLED") as peer:
        peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance))
        peer.send(raw_peer.pdu(raw_peer.P_DATA, raw_peer.pdvs(1, b"", instance.encoded, 10_000)[1]))
        peer.expect_abort()
    assert server.vault_files() == []
    assert find(server, "PATIENT", PatientID="*") == []


def test_parallel_associations_store_into_one_study(server: Isocenter) -> None:
    instances = [dd.generate(patient=125, series=series, number=number) for series in range(1, 9) for number in range(1, 21)]
    statuses: list[int] = []

    def sender(series: int) -> None:
        statuses.extend(store(server, instances[(series - 1) * 20 : series * 20], f"SENDER_{series}"))

    threads = [threading.Thread(target=sender, args=(series,)) for series in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0x0000] * 160
    assert_held(server, instances)
    (study,) = find(server, "STUDY", PatientID=instances[0].patient_id, StudyInstanceUID="", NumberOfStudyRelatedSeries="", NumberOfStudyRelatedInstances="")
    assert (int(study.NumberOfStudyRelatedSeries), int(study.NumberOfStudyRelatedInstances)) == (8, 160)


@pytest.mark.requirement("DIF-010")
def test_sil_080_whatever_arrives_is_archived_for_good(make_server: Callable[..., Isocenter]) -> None:
    """Also what a peer sends because somebody's C-MOVE made it: it says so, and makes no difference."""
    server = make_server({"preset": "annex-f"})
    unsolicited, retrieved = dd.generate(number=1), dd.generate(number=2)
    with server.storage_peer(storage_contexts([unsolicited])) as peer:
        assert peer.store(unsolicited) == 0x0000
        command = command_set(
            affected_sop_class=retrieved.sop_class, command_field=raw_peer.C_STORE_RQ, message_id=9, priority=0, data_set_type=1,
            affected_sop_instance=retrieved.sop_instance, move_originator=server.query_title, move_originator_message_id=3,
        )
        peer.send_message(1, command, retrieved.encoded)
        assert peer.read_message().command.status == 0x0000
        peer.release()
    server.restart()
    kept = {path.stem: dd.data_set_of_file(path)[1] for path in server.vault_files()}
    assert kept == {one.sop_instance: one.encoded for one in (unsolicited, retrieved)}
