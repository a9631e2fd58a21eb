"""`preset = "annex-f"`: where it listens, what it takes beside the tables, and when it lets a peer go."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable

import pytest
from pydicom import Dataset, Sequence

import dicom_data as dd
from exchanges import assert_held, assert_returned, find, find_statuses, store_well
from raw_peer import ABORT, P_DATA, VERIFICATION, Accepted, RawDestination, RawPeer, Rejected, contexts, pdu, user_identity
from server import Isocenter, free_ports

ANNEX_F = {"preset": "annex-f"}
ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
MEDIA_CREATION_MANAGEMENT = "1.2.840.10008.5.1.1.33"


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    return make_shared_server(ANNEX_F)


@pytest.fixture(scope="module", params=["storage", "query"])
def scp(request: pytest.FixtureRequest, server: Isocenter) -> tuple[tuple[str, int], str]:
    """Each of the two SCPs: its address and its title."""
    if request.param == "storage":
        return server.store_address, server.store_title
    return server.query_address, server.query_title


# --- Where it listens --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CFG-002", "CFG-003", "GEN-003")
@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.requirement("NET-006"))])
def test_qr_004_scp_003_each_title_is_served_at_the_address_that_is_configured_for_it(make_server: Callable[..., Isocenter], host: str) -> None:
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"nothing can listen on {host} here")
    ports = free_ports(2)
    listen = f"[{host}]" if ":" in host else host
    titles = ["STORES_HERE", "ASKS_HERE"]
    names = ["storage-scp", "query-retrieve-scp"]
    server = make_server(ANNEX_F | {name: {"ae-title": title, "listen": f"{listen}:{port}"} for name, title, port in zip(names, titles, ports, strict=True)})
    assert server.is_running()
    for title, port in zip(titles, ports, strict=True):
        with RawPeer((host, port)) as peer:
            assert isinstance(peer.request(title, "RAW_SCU", ECHO), Accepted)
            assert peer.echo() == 0x0000
            peer.release()
        other = next(one for one in titles if one != title)
        with RawPeer((host, port)) as peer:
            assert peer.request(other, "RAW_SCU", ECHO) == Rejected(1, 1, 7)


def test_net_006_an_export_goes_to_an_address_of_ipv6(make_server: Callable[..., Isocenter]) -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with RawDestination(listener=listener) as destination:
        server = make_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "::1", "port": destination.port}]})
        (instance,) = store_well(server, [dd.generate()])
        asker = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
        assert asker.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=instance.study), "VIEWER1")[-1].command.status == 0x0000
        assert_returned([instance], [message for message, _ in destination.received])


# --- What is not there ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SIL-008")
def test_sec_006_neither_tls_nor_user_identity(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        accepted = peer.request(called, "RAW_SCU", ECHO, user_items=user_identity("someone", "secret", positive_response=True))
        assert isinstance(accepted, Accepted)
        assert accepted.other_items == []
    # A TLS client is told what any other stranger is told.
    with socket.create_connection(address, 30) as connection:
        with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
            ssl._create_unverified_context().wrap_socket(connection)


def test_med_001_no_media_storage(scp) -> None:
    address, called = scp
    with RawPeer(address) as peer:
        accepted = peer.request(called, "RAW_SCU", contexts((VERIFICATION, [dd.IMPLICIT]), (MEDIA_STORAGE_DIRECTORY, [dd.EXPLICIT]), (MEDIA_CREATION_MANAGEMENT, [dd.EXPLICIT])))
        assert accepted.results == {1: 0, 3: 3, 5: 3}


def test_med_003_no_private_class_and_no_private_syntax(scp) -> None:
    address, called = scp
    private = f"{dd.ROOT}.99.1"
    with RawPeer(address) as peer:
        accepted = peer.request(called, "RAW_SCU", contexts((VERIFICATION, [dd.IMPLICIT]), (private, [dd.IMPLICIT]), (VERIFICATION, [private])))
        assert accepted.results == {1: 0, 3: 3, 5: 4}


def test_cfg_038_classes_are_added_to_the_table_and_removed_from_it(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(ANNEX_F | {"storage-scp": {"sop-classes-added": [dd.KEY_OBJECT], "sop-classes-removed": [dd.MR]}})
    with server.storage_peer(contexts((dd.KEY_OBJECT, [dd.IMPLICIT]), (dd.MR, [dd.IMPLICIT]), (dd.CT, [dd.IMPLICIT]))) as peer:
        assert peer.accepted.results == {1: 0, 3: 3, 5: 0}


# --- What is kept as it came ---------------------------------------------------------------------------------------------


def signed() -> dd.Instance:
    """An instance with a digital signature (PS3.15 C): whether it is a true one is not the archive's to say."""
    ds = dd.generate(number=7).data_set
    mac = Dataset()
    mac.MACIDNumber, mac.MACCalculationTransferSyntaxUID, mac.MACAlgorithm = 1, dd.EXPLICIT, "SHA256"
    mac.DataElementsSigned = [0x00080018, 0x7FE00010]
    signature = Dataset()
    signature.MACIDNumber, signature.DigitalSignatureUID = 1, dd.uid(7, 7)
    signature.CertificateType, signature.CertificateOfSigner, signature.Signature = "X509_1993_SIG", bytes(64), bytes(range(128))
    ds.MACParametersSequence, ds.DigitalSignaturesSequence = Sequence([mac]), Sequence([signature])
    return dd.Instance(ds, dd.EXPLICIT, dd.encode(ds, dd.EXPLICIT))


@pytest.mark.requirement("MED-002", "SIL-093")
def test_sec_001_what_came_in_an_explicit_syntax_goes_out_in_it_bit_for_bit(make_server: Callable[..., Isocenter]) -> None:
    instances = [signed(), dd.rich(dd.EXPLICIT, number=8)]
    with RawDestination() as destination:
        server = make_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        store_well(server, instances)
        asker = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
        assert asker.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=instances[0].study), "VIEWER1")[-1].command.status == 0x0000
        assert_returned(instances, [message for message, _ in destination.received])
        assert {syntax for _, syntax in destination.received} == {dd.EXPLICIT}


@pytest.mark.parametrize("frames_table", ["whole", "empty"])
def test_scp_044_multi_frame_jpeg_with_and_without_an_offset_table(server: Isocenter, frames_table: str) -> None:
    from pydicom.encaps import encapsulate

    frames = [b"\xff\xd8" + bytes([number]) * (99 + number) + b"\xff\xd9" for number in range(5)]
    ds = dd.generate(patient=44, series=1 if frames_table == "whole" else 2, sop_class=dd.US_MULTI_FRAME, transfer_syntax=dd.JPEG_BASELINE, NumberOfFrames="5").data_set
    ds.PixelData = encapsulate(frames, has_bot=frames_table == "whole")
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    instance = dd.Instance(ds, dd.JPEG_BASELINE, dd.encode(ds, dd.JPEG_BASELINE))
    store_well(server, [instance])
    (path,) = [path for path in server.vault_files() if path.name == f"{instance.sop_instance}.dcm"]
    assert dd.data_set_of_file(path)[1] == instance.encoded


@pytest.mark.requirement("IOD-027", "IOD-028")
def test_windows_are_recommended_and_not_asked_for(server: Isocenter) -> None:
    """Above 8 bits stored, with and without Window Center and Width."""
    without = dd.generate(patient=45, number=1)
    with_them = dd.generate(patient=45, number=2, WindowCenter="40", WindowWidth="400")
    assert "WindowCenter" not in without.data_set and without.data_set.BitsStored == 12
    store_well(server, [without, with_them])
    for instance in (without, with_them):
        (path,) = [path for path in server.vault_files() if path.name == f"{instance.sop_instance}.dcm"]
        assert dd.data_set_of_file(path)[1] == instance.encoded


# --- Queries that the tables do not speak of -----------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["annex-f", "standard"])
def either(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    """A server under each of the presets, with the tree's images."""
    started = make_shared_server({"preset": request.param})
    store_well(started, [one for one in dd.tree() if one.sop_class in dd.ANNEX_F_CLASSES])
    return started


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"TimezoneOffsetFromUTC": "+0500"}, marks=pytest.mark.requirement("SIL-006"), id="time zone"),
        pytest.param({"QueryRetrieveView": "ENHANCED"}, marks=pytest.mark.requirement("SIL-007"), id="view"),
    ],
)
def test_what_was_not_negotiated_changes_nothing(either: Isocenter, keys: dict[str, object]) -> None:
    asked = {"PatientID": "PAT-1", "StudyInstanceUID": "", "StudyDate": "", "StudyTime": "080000-090000"}
    plain = find(either, "STUDY", dd.STUDY_FIND, **asked)
    answers = find(either, "STUDY", dd.STUDY_FIND, **asked, **keys)
    assert [str(one.StudyInstanceUID) for one in answers] == [str(one.StudyInstanceUID) for one in plain] == [dd.uid(1, 1)]
    assert [one.StudyDate for one in answers] == ["20240115"]
    assert all(keyword not in one for one in answers for keyword in keys)


@pytest.mark.requirement("SIL-053")
def test_a_refused_query_names_the_element_that_is_at_fault(either: Isocenter) -> None:
    _, _, last = find_statuses(either, "WARD", PatientID="PAT-1")
    assert last.status == 0xA900
    assert last.offending_element == [(0x0008, 0x0052)]
    assert 0 < len(last.error_comment) <= 64


@pytest.mark.requirement("DIF-025")
def test_sil_060_a_whole_patient_can_be_ordered_unless_it_is_switched_off(make_server: Callable[..., Isocenter]) -> None:
    for allowed in (True, False):
        with RawDestination() as destination:
            server = make_server(ANNEX_F | {"query-retrieve-scp": {"patient-level-retrieve": allowed}, "peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
            (instance,) = store_well(server, [dd.generate()])
            asker = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
            last = asker.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instance.patient_id), "VIEWER1")[-1].command
            assert last.status == (0x0000 if allowed else 0xA900)
            assert len(destination.received) == (1 if allowed else 0)


# --- Timers --------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CFG-011")
def test_qr_097_a_query_that_stops_in_the_middle_of_a_pdu_is_aborted(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(ANNEX_F | {"network": {"between-packets-timeout": "1s"}})
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])), "STALLED") as peer:
        peer.send(pdu(P_DATA, struct.pack(">LBB", 200, 1, 3) + bytes(198))[:50])
        peer.expect_abort()
    assert "STALLED" in server.wait_for_log("association ended")


@pytest.mark.requirement("CFG-008", "SIL-022")
def test_who_connects_and_says_nothing_is_let_go(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(ANNEX_F | {"network": {"artim": "1s"}})
    for address in (server.store_address, server.query_address):
        with RawPeer(address) as peer:
            peer.expect_close()


# --- The machine's limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scp_name", ["storage-scp", "query-retrieve-scp"])
def test_qr_017_scp_015_more_peers_than_the_machine_is_meant_for(make_server: Callable[..., Isocenter], scp_name: str) -> None:
    """Counted per calling AE title there is no other end to them: a transient rejection, temporary congestion."""
    server = make_server(ANNEX_F | {scp_name: {"associations-counted": "per-calling-ae"}, "supervisor": {"associations-ceiling": 2}})
    associate = server.storage_peer if scp_name == "storage-scp" else server.query_peer
    address, title = (server.store_address, server.store_title) if scp_name == "storage-scp" else (server.query_address, server.query_title)
    with associate(ECHO, "ONE"), associate(ECHO, "TWO"):
        with RawPeer(address) as third:
            assert third.request(title, "THREE", ECHO) == Rejected(2, 3, 1)


def small_disk(directory: str, size: str) -> list[str]:
    """A wrapper that gives a process a disk of its own at a directory."""
    script = 'mkdir -p "$1" && mount -t tmpfs -o size="$2" none "$1" && shift 2 && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", directory, size]


def can_mount(directory: str) -> bool:
    import subprocess

    return subprocess.run([*small_disk(directory, "1m"), "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.requirement("SCP-037", "SIL-082")
def test_scp_049_gen_016_a_full_disk_refuses_the_new_and_takes_nothing_from_the_old(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(ANNEX_F | {"storage-scp": {"reserved-space": "1 MiB"}, "query-retrieve-scp": {"get": True}}, start=False)
    if not can_mount(str(server.directory / "trial")):
        pytest.skip("no disk can be made here (user namespaces are not permitted)")
    server.start(wrapper=small_disk(str(server.data), "24m"))
    held: list[dd.Instance] = []
    refused = 0
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT])), "FILLER") as peer:
        for number in range(1, 61):
            instance = dd.generate(number=number, pixel_bytes=1_000_000)
            status = peer.store(instance)
            assert status in (0x0000, 0xA700), f"{status:04X}"
            if status == 0x0000:
                held.append(instance)
            else:
                refused += 1
    assert 10 < len(held) < 30 and refused > 20
    assert "FILLER" in server.wait_for_log("A700")
    assert_held(server, held)
    found = find(server, "IMAGE", PatientID=held[0].patient_id, StudyInstanceUID=held[0].study, SeriesInstanceUID=held[0].series, SOPInstanceUID="")
    assert len(found) == len(held)


def test_qr_073_qr_090_a_catalog_that_cannot_be_read(make_server: Callable[..., Isocenter]) -> None:
    with RawDestination() as destination:
        server = make_server(ANNEX_F | {"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        (instance,) = store_well(server, [dd.generate()])
        identifier = dd.identifier("STUDY", StudyInstanceUID=instance.study)
        with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (dd.STUDY_MOVE, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT])), "ASKER") as peer:
            pending, last = peer.find(dd.STUDY_FIND, identifier)
            assert (len(pending), last.status) == (1, 0x0000)
            for path in (path for path in server.data.glob("catalog*") if path.is_file()):
                path.write_bytes(b"this is no catalog" * 1000)
            before = len(server.log())
            pending, last = peer.find(dd.STUDY_FIND, identifier)
            assert (pending, last.status) == ([], 0xA700)
            assert [response.command.status for response in peer.move(dd.STUDY_MOVE, identifier, "VIEWER1")] == [0xA701]
            assert peer.echo() == 0x0000
        assert destination.received == []
        for status in ("A700", "A701"):
            assert "ASKER" in server.wait_for_log(f"(ERROR|WARN).*{status}", since=before)


# --- The service log -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["info", "debug"])
def test_sil_094_the_log_names_peers_and_instances_and_no_patient(make_server: Callable[..., Isocenter], level: str) -> None:
    names = {"PatientName": "Telltale^Nomen", "PatientID": "SECRET-4711", "PatientBirthDate": "19611231"}
    with RawDestination() as destination:
        server = make_server(ANNEX_F | {"log": {"level": level}, "peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        (instance,) = store_well(server, [dd.generate(number=1, **names)])
        with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]))) as peer:
            assert peer.store(dd.generate(number=2, **names).with_bytes(instance.encoded)) == 0xA900
        for keys in ({"PatientName": "Telltale*"}, {"PatientID": "SECRET-4711"}, {"PatientName": "", "PatientID": ""}):
            find_statuses(server, "PATIENT", **keys)
        asker = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
        assert asker.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID="SECRET-4711"), "VIEWER1")[-1].command.status == 0x0000
        asker.release()
        server.wait_for_log("answered C-MOVE")
    log = server.log()
    assert "RAW_SCU" in log and "A900" in log and "VIEWER1" in log
    assert [value for value in ("Telltale", "Nomen", "SECRET-4711", "19611231") if value in log] == []
