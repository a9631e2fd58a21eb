"""`preset = "annex-f"`: what the sample of PS3.2 annex F says, to the letter, where that differs from `standard`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

import dicom_data as dd
from exchanges import PENDING, PENDING_UNSUPPORTED, find, find_statuses, kinds, storage_contexts, store_well
from raw_peer import VERIFICATION, Message, RawDestination, RawPeer, Rejected, contexts
from server import Isocenter

ANNEX_F = {"preset": "annex-f"}
MODELS = [dd.PATIENT_FIND, dd.PATIENT_MOVE, dd.STUDY_FIND, dd.STUDY_MOVE]


@pytest.fixture(scope="module")
def destination() -> Iterator[RawDestination]:
    with RawDestination() as one:
        yield one


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter], destination: RawDestination) -> Isocenter:
    started = make_shared_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
    store_well(started, [one for one in dd.tree() if one.sop_class in dd.ANNEX_F_CLASSES])
    return started


# --- Presentation contexts -------------------------------------------------------------------------------------------


@pytest.mark.requirement("PC-001", "PC-012", "PC-013", "PC-014", "PC-015", "QR-002", "DIF-002")
def test_qr_013_sil_014_queries_are_in_implicit_vr_little_endian_only(server: Isocenter) -> None:
    proposed = contexts(*((model, [syntax]) for model in (*MODELS, VERIFICATION) for syntax in (dd.IMPLICIT, dd.EXPLICIT, dd.BIG_ENDIAN)))
    peer = server.query_peer(proposed)
    assert peer.accepted.results == {one.id: 0 if one.transfer_syntaxes == (dd.IMPLICIT,) else 4 for one in proposed}
    peer.release()


def test_qr_001_gen_001_no_get_and_no_patient_study_only(server: Isocenter) -> None:
    others = [dd.PATIENT_GET, dd.STUDY_GET, dd.PATIENT_STUDY_ONLY_FIND, dd.PATIENT_STUDY_ONLY_MOVE, dd.PATIENT_STUDY_ONLY_GET, dd.CT]
    peer = server.query_peer(contexts((VERIFICATION, [dd.IMPLICIT]), *((one, [dd.IMPLICIT]) for one in others)))
    assert peer.accepted.results == {1: 0} | {2 * number + 1: 3 for number in range(1, 7)}
    peer.release()


@pytest.mark.parametrize("scp", ["storage", "query"])
def test_qr_011_scp_011_sil_016_no_acceptable_context(server: Isocenter, scp: str) -> None:
    address, called = (server.store_address, server.store_title) if scp == "storage" else (server.query_address, server.query_title)
    for proposed in (contexts(("1.2.3.4", [dd.IMPLICIT])), contexts((VERIFICATION, [dd.RLE]), ("1.2.3.4", [dd.IMPLICIT]))):
        with RawPeer(address) as peer:
            assert peer.request(called, "RAW_SCU", proposed) == Rejected(1, 1, 1)


def test_scp_020_pc_010_dif_003_storage_contexts(server: Isocenter) -> None:
    compressed = {dd.US, dd.US_RETIRED, dd.US_MULTI_FRAME, dd.US_MULTI_FRAME_RETIRED, dd.SC}
    for sop_class in [*dd.ANNEX_F_CLASSES, dd.NM_RETIRED, VERIFICATION]:
        proposed = contexts(*((sop_class, [syntax]) for syntax in (dd.IMPLICIT, dd.EXPLICIT, dd.JPEG_BASELINE, dd.BIG_ENDIAN, dd.RLE)))
        peer = server.storage_peer(proposed)
        accepted = [peer.accepted.results[number] == 0 for number in (1, 3, 5, 7, 9)]
        if sop_class in (VERIFICATION, dd.NM_RETIRED):
            assert accepted == [True, False, False, False, False]
        else:
            assert accepted == [True, True, sop_class in compressed, False, False], sop_class
        peer.release()


def test_pc_016_visible_light_is_taken_in_jpeg_where_it_is_configured(make_server: Callable[..., Isocenter]) -> None:
    """Annex F names VL classes in its prose as ones with JPEG Baseline, and lists none of them."""
    added = [dd.VL_ENDOSCOPIC, dd.VIDEO_ENDOSCOPIC, dd.ENHANCED_CT]
    server = make_server(ANNEX_F | {"storage-scp": {"sop-classes-added": added}})
    peer = server.storage_peer(contexts(*((one, [syntax]) for one in added for syntax in (dd.EXPLICIT, dd.JPEG_BASELINE))))
    assert peer.accepted.results == {1: 0, 3: 0, 5: 0, 7: 0, 9: 0, 11: 4}
    peer.release()


def test_scp_001_gen_018_other_classes_are_refused(server: Isocenter) -> None:
    others = ["1.2.840.10008.5.1.4.1.1.2.1", dd.KEY_OBJECT, dd.BASIC_TEXT_SR, dd.ECG, dd.ENCAPSULATED_PDF, dd.RT_PLAN]
    peer = server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]), *((one, [dd.IMPLICIT]) for one in others)))
    assert peer.accepted.results == {1: 0} | {2 * number + 1: 3 for number in range(1, 7)}
    peer.release()


def test_scp_022_order_of_preference(server: Isocenter) -> None:
    proposed = contexts((dd.US, [dd.IMPLICIT, dd.EXPLICIT, dd.JPEG_BASELINE]), (dd.CT, [dd.IMPLICIT, dd.EXPLICIT]), (dd.CT, [dd.IMPLICIT, dd.BIG_ENDIAN]))
    peer = server.storage_peer(proposed)
    assert peer.accepted.syntaxes == {1: dd.JPEG_BASELINE, 3: dd.EXPLICIT, 5: dd.IMPLICIT}
    peer.release()


def test_cfg_013_cfg_024_maximum_pdu(server: Isocenter) -> None:
    for peer in (server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]))), server.query_peer(contexts((VERIFICATION, [dd.IMPLICIT])))):
        assert peer.accepted.maximum_length == 16384
        peer.release()


def test_qr_019_scp_017_called_title_is_checked(server: Isocenter) -> None:
    for address in (server.store_address, server.query_address):
        with RawPeer(address) as peer:
            assert peer.request("SOMEONE_ELSE", "RAW_SCU", contexts((VERIFICATION, [dd.IMPLICIT]))) == Rejected(1, 1, 7)


def test_what_the_file_says_wins_over_the_preset(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(ANNEX_F | {"query-retrieve-scp": {"get": True, "no-acceptable-context": "accept"}})
    peer = server.query_peer(contexts(("1.2.3.4", [dd.IMPLICIT])))
    assert peer.accepted.results == {1: 3}
    peer = server.query_peer(contexts((dd.STUDY_GET, [dd.IMPLICIT])))
    assert peer.accepted.results == {1: 0}
    # The other SCP keeps to the preset.
    with RawPeer(server.store_address) as other:
        assert other.request(server.store_title, "RAW_SCU", contexts(("1.2.3.4", [dd.IMPLICIT]))) == Rejected(1, 1, 1)


# --- Titles ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("DIF-024")
@pytest.mark.parametrize("other", ["query-retrieve-scp", "storage-scu"])
def test_gen_005_storage_scp_shares_its_title_with_nobody(make_server: Callable[..., Isocenter], other: str) -> None:
    server = make_server(ANNEX_F | {"storage-scp": {"ae-title": "SHARED"}, other: {"ae-title": "SHARED"}}, start=False)
    with pytest.raises(AssertionError, match="ended before it was ready"):
        server.start()
    said = server.log() + "\n".join(server.printed)
    assert "SHARED" in said and "ae-title" in said and "isocenter.toml" in said, said


def test_gen_004_the_other_two_may_share_theirs(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(ANNEX_F | {"query-retrieve-scp": {"ae-title": "SHARED"}, "storage-scu": {"ae-title": "SHARED"}})
    assert server.query_peer(contexts((VERIFICATION, [dd.IMPLICIT]))).echo() == 0x0000


# --- C-FIND ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("QR-075", "SIL-046")
@pytest.mark.parametrize(
    ("model", "level", "keys"),
    [
        (dd.PATIENT_FIND, "PATIENT", {"PatientID": "", "PatientName": ""}),
        (dd.PATIENT_FIND, "PATIENT", {"PatientID": ""}),
        (dd.STUDY_FIND, "STUDY", {"StudyInstanceUID": ""}),
        (dd.STUDY_FIND, "STUDY", {"StudyInstanceUID": "", "PatientName": "", "PatientID": "", "StudyDate": ""}),
    ],
)
def test_qr_027_qr_028_qr_030_queries_for_everything_are_refused(server: Isocenter, model: str, level: str, keys: dict[str, object]) -> None:
    statuses, _, last = find_statuses(server, level, model, **keys)
    assert (statuses, last.status) == ([], 0xC001)


@pytest.mark.parametrize(
    ("model", "level", "keys", "count"),
    [
        (dd.PATIENT_FIND, "PATIENT", {"PatientID": "", "PatientName": "M*"}, 4),
        (dd.PATIENT_FIND, "PATIENT", {"PatientID": "PAT-*"}, 3),
        (dd.STUDY_FIND, "STUDY", {"StudyInstanceUID": "", "StudyDate": "20240101-20240229"}, 2),
        (dd.STUDY_FIND, "STUDY", {"StudyInstanceUID": "", "PatientName": "M*"}, 5),
        (dd.STUDY_FIND, "STUDY", {"StudyInstanceUID": "", "AccessionNumber": "ACC-200"}, 1),
    ],
)
def test_qr_027_qr_030_a_partial_value_is_enough(server: Isocenter, model: str, level: str, keys: dict[str, object], count: int) -> None:
    statuses, answers, last = find_statuses(server, level, model, **keys)
    assert (len(answers), last.status) == (count, 0x0000)
    assert statuses == [PENDING] * count


def test_qr_024_only_what_was_asked_for_comes_back(server: Isocenter) -> None:
    for answer in find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", PatientName="M*"):
        extra = {element.keyword for element in answer} - {"StudyInstanceUID", "PatientName", "QueryRetrieveLevel", "SpecificCharacterSet"}
        assert extra == set()


def test_qr_078_keys_outside_the_table_are_not_supported(server: Isocenter) -> None:
    statuses, answers, _ = find_statuses(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", PatientID="PAT-1", NumberOfStudyRelatedSeries="", ModalitiesInStudy="")
    assert statuses == [PENDING_UNSUPPORTED] * 2
    assert all("NumberOfStudyRelatedSeries" not in answer and "ModalitiesInStudy" not in answer for answer in answers)


def test_dif_019_attributes_that_are_returned_but_not_matched_are_supported(server: Isocenter) -> None:
    keys = {"PatientID": "PAT-1", "StudyInstanceUID": dd.uid(1, 1), "SeriesInstanceUID": "", "OperatorsName": ""}
    statuses, answers, _ = find_statuses(server, "SERIES", **keys)
    assert statuses == [PENDING] * 2
    assert sorted(str(answer.OperatorsName) for answer in answers) == ["Tech^One", "Tech^Two"]


@pytest.mark.parametrize(
    ("level", "keys", "count"),
    [
        # DIF-016: wild cards on IS.
        ("SERIES", {"PatientID": "PAT-3", "StudyInstanceUID": dd.uid(3, 1), "SeriesInstanceUID": "", "SeriesNumber": "1*"}, 1),
        ("IMAGE", {"PatientID": "PAT-1", "StudyInstanceUID": dd.uid(1, 1), "SeriesInstanceUID": dd.uid(1, 1, 1), "SOPInstanceUID": "", "InstanceNumber": "?"}, 3),
        ("STUDY", {"PatientID": "PAT-1", "StudyInstanceUID": "", "StudyTime": "080000-090000"}, 1),
        ("STUDY", {"PatientID": "PAT-1", "StudyInstanceUID": "", "StudyDate": "20240115"}, 1),
    ],
)
def test_qr_031_dif_016_matching_letters(server: Isocenter, level: str, keys: dict[str, object], count: int) -> None:
    # As text: pydicom would not write a wild card as an IS.
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        ds.add_new(keyword, "LO" if keyword in ("SeriesNumber", "InstanceNumber") else dictionary_VR(keyword), value)
    assert len(find(server, level, raw_identifier=dd.encode(ds))) == count


@pytest.mark.requirement("SIL-002")
@pytest.mark.parametrize(
    ("level", "keys"),
    [
        ("SERIES", {"SeriesInstanceUID": "", "StudyInstanceUID": dd.uid(1, 1)}),
        ("SERIES", {"SeriesInstanceUID": "", "PatientID": "PAT-1"}),
        ("IMAGE", {"SOPInstanceUID": "", "PatientID": "PAT-1", "StudyInstanceUID": dd.uid(1, 1)}),
    ],
)
def test_gen_002_qr_023_hierarchical_queries_only(server: Isocenter, level: str, keys: dict[str, object]) -> None:
    statuses, _, last = find_statuses(server, level, **keys)
    assert (statuses, last.status) == ([], 0xA900)


# --- C-MOVE ----------------------------------------------------------------------------------------------------------


def move(server: Isocenter, identifier: bytes, to: str = "VIEWER1") -> list[Message]:
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
    responses = peer.move(dd.PATIENT_MOVE, identifier, to)
    peer.release()
    return responses


def test_qr_084_qr_085_qr_095_a_first_response_and_one_for_each_instance(server: Isocenter, destination: RawDestination) -> None:
    before = len(destination.received)
    responses = move(server, dd.identifier("SERIES", PatientID="PAT-1", StudyInstanceUID=dd.uid(1, 1), SeriesInstanceUID=dd.uid(1, 1, 1)))
    assert {one.command.status for one in responses[:-1]} == {PENDING}
    pending = [(one.command.remaining, one.command.completed) for one in responses[:-1]]
    assert pending[0] == (3, 0)
    assert pending[1:3] == [(2, 1), (1, 2)]
    assert (responses[-1].command.status, responses[-1].command.completed) == (0x0000, 3)
    destination.wait_for(before + 3)


def test_scu_019_one_transfer_syntax_in_a_context(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=1, sop_class=dd.US), dd.generate(number=2, sop_class=dd.US, transfer_syntax=dd.JPEG_BASELINE)]
    with RawDestination() as destination:
        server = make_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        store_well(server, instances)
        assert move(server, dd.identifier("PATIENT", PatientID=instances[0].patient_id))[-1].command.status == 0x0000
        (proposed,) = destination.proposals
        assert all(len(one.transfer_syntaxes) == 1 for one in proposed)
        assert set(kinds(instances)) <= {(one.abstract_syntax, one.transfer_syntaxes[0]) for one in proposed}


@pytest.mark.requirement("SCU-017", "SCU-036", "CFG-023")
def test_qr_087_qr_088_dif_004_the_first_failure_ends_the_task(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in range(1, 7)]

    def second_fails(_: Message, __: str) -> int:
        return 0xA700 if len(destination.received) == 2 else 0x0000

    with RawDestination(on_store=second_fails) as destination:
        server = make_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        store_well(server, instances)
        *pending, last = move(server, dd.identifier("PATIENT", PatientID=instances[0].patient_id))
        # One before the first instance and one after it; the failure of the second is in the final one.
        assert [(one.command.status, one.command.completed) for one in pending] == [(PENDING, 0), (PENDING, 1)]
        assert last.command.status == 0xA702
        assert (last.command.completed, last.command.failed) == (1, 5)
        destination.wait_for_release()
        # Nothing more was sent, nothing was sent again.
        assert len(destination.received) == 2
        assert len(destination.requests) == 1


def test_scu_030_dif_013_warnings_count_as_success(make_server: Callable[..., Isocenter]) -> None:
    instances = [dd.generate(number=number) for number in (1, 2)]
    with RawDestination(on_store=lambda *_: 0xB000) as destination:
        server = make_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        store_well(server, instances)
        assert move(server, dd.identifier("PATIENT", PatientID=instances[0].patient_id))[-1].command.status == 0x0000


def test_qr_083_a_list_above_the_level_is_refused(server: Isocenter, destination: RawDestination) -> None:
    before = len(destination.received)
    identifier = dd.identifier("SERIES", PatientID="PAT-1", StudyInstanceUID=[dd.uid(1, 1), dd.uid(1, 2)], SeriesInstanceUID=dd.uid(1, 1, 1))
    assert [one.command.status for one in move(server, identifier)] == [0xA900]
    assert len(destination.received) == before


def test_qr_092_qr_080_scu_002_unknown_destination(server: Isocenter) -> None:
    assert [one.command.status for one in move(server, dd.identifier("PATIENT", PatientID="PAT-1"), "NOBODY")] == [0xA801]


def test_scp_039_instances_are_kept_whole_here_too(server: Isocenter, destination: RawDestination) -> None:
    instance = dd.rich(dd.EXPLICIT, patient=77)
    with server.storage_peer(storage_contexts([instance])) as peer:
        assert peer.store(instance) == 0x0000
    before = len(destination.received)
    assert move(server, dd.identifier("PATIENT", PatientID=instance.patient_id))[-1].command.status == 0x0000
    ((message, _),) = destination.received[before:]
    assert message.data_set == instance.encoded


def test_standard_does_not_do_any_of_this(make_server: Callable[..., Isocenter]) -> None:
    """The other preset, side by side: the differences do not leak."""
    server = make_server()
    instance = dd.generate()
    store_well(server, [instance])
    ds = Dataset()
    ds.QueryRetrieveLevel = "STUDY"
    ds.StudyInstanceUID = ""
    assert len(find(server, "STUDY", dd.STUDY_FIND, raw_identifier=dd.encode(ds))) == 1
    peer = server.query_peer(contexts((dd.STUDY_GET, [dd.IMPLICIT]), (dd.STUDY_FIND, [dd.EXPLICIT]), ("1.2.3", [dd.IMPLICIT])))
    assert peer.accepted.results == {1: 0, 3: 0, 5: 3}
    peer.release()
    peer = server.query_peer(contexts(("1.2.3", [dd.IMPLICIT])))
    assert peer.accepted.results == {1: 3}
