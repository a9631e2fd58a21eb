"""The audit trail (PS3.15 A.5): who connected, stored, queried, retrieved and failed; and what was done to it since."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import dicom_data as dd
from exchanges import find, get, kinds, store, store_well
from raw_peer import RawDestination, RawPeer, Rejected, contexts
from server import Isocenter, titles, wait_until
from test_dcmtk import at_query, at_storage, dcmtk
from test_faults import small_disk  # noqa: F401

STARTED, STOPPED, ALERT, BEGIN, ACCESSED, TRANSFERRED, QUERY = "110120", "110121", "110113", "110102", "110103", "110104", "110112"


def files(server: Isocenter) -> list[Path]:
    return sorted((server.data / "audit").glob("*.log"))


def messages(server: Isocenter, event: str | None = None) -> list[ElementTree.Element]:
    """The messages on record, or those of one event."""
    lines = [line for path in files(server) for line in path.read_text().splitlines()]
    all_ = [ElementTree.fromstring(line.split(" ", 2)[2]) for line in lines]
    return [one for one in all_ if event in (None, code(one, "EventID"), code(one, "EventTypeCode"))]


def code(message: ElementTree.Element, element: str) -> str | None:
    found = message.find(f".//{element}")
    return None if found is None else found.get("csd-code")


def outcome(message: ElementTree.Element) -> str | None:
    return message.find("EventIdentification").get("EventOutcomeIndicator")


def requestor(message: ElementTree.Element) -> tuple[str | None, str | None]:
    (one,) = [one for one in message.findall("ActiveParticipant") if one.get("UserIsRequestor") == "true"]
    return one.get("UserID"), one.get("NetworkAccessPointID")


def users(message: ElementTree.Element) -> set[str | None]:
    return {one.get("UserID") for one in message.findall("ActiveParticipant")}


def objects(message: ElementTree.Element) -> list[str | None]:
    return [one.get("ParticipantObjectID") for one in message.findall("ParticipantObjectIdentification")]


def counts(message: ElementTree.Element) -> dict[str | None, int]:
    return {one.get("UID"): int(one.get("NumberOfInstances", "")) for one in message.iter("SOPClass")}


def recorded(server: Isocenter, event: str, count: int = 1) -> list[ElementTree.Element]:
    """Waits until there are so many messages of an event."""
    wait_until(lambda: len(messages(server, event)) >= count, f"{count} messages of {event}")
    found = messages(server, event)
    assert len(found) == count, [ElementTree.tostring(one) for one in found]
    return found


def verify(server: Isocenter, *arguments: str) -> subprocess.CompletedProcess[str]:
    return server.run("audit", "verify", *arguments)


def test_start_and_stop_are_on_record_and_the_trail_is_for_nobody_else(server: Isocenter) -> None:
    assert code(messages(server)[0], "EventTypeCode") == STARTED
    assert (server.data / "audit").stat().st_mode & 0o777 == 0o700
    server.stop()
    assert code(messages(server)[-1], "EventTypeCode") == STOPPED
    assert verify(server).returncode == 0
    server.start()
    assert len(messages(server, STARTED)) == 2


def test_associations_accepted_and_rejected(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"allowed-calling-ae-titles": ["GOOD"]}})
    proposed = contexts((dd.CT, [dd.EXPLICIT]))
    server.storage_peer(proposed, "GOOD").release()
    with RawPeer(server.store_address) as peer:
        assert isinstance(peer.request(server.store_title, "BAD", proposed), Rejected)
    good, bad = recorded(server, "110126", 2)
    assert (outcome(good), requestor(good), users(good)) == ("0", ("GOOD", "127.0.0.1"), {"GOOD", server.store_title})
    assert (outcome(bad), requestor(bad)) == ("8", ("BAD", "127.0.0.1"))
    assert "allowed-calling-ae-titles" in bad.findtext(".//EventOutcomeDescription", "")


def test_what_is_no_association_request_is_on_record(server: Isocenter) -> None:
    peer = RawPeer(server.store_address)
    peer.send(b"GET / HTTP/1.1\r\n\r\n")
    peer.expect_abort()
    peer.close()
    (alert,) = recorded(server, "110126")
    assert (outcome(alert), requestor(alert)) == ("8", ("", "127.0.0.1"))


def test_storing_is_one_message_for_each_study_of_an_association(server: Isocenter) -> None:
    first = [dd.generate(number=number, patient=1, study=1) for number in range(1, 4)] + [dd.generate(number=9, patient=1, study=1, sop_class=dd.MR)]
    second = [dd.generate(number=1, patient=2, study=7)]
    store_well(server, first + second)
    one, other = sorted(recorded(server, TRANSFERRED, 2), key=lambda message: str(objects(message)))
    assert objects(one) == [first[0].study, first[0].patient_id]
    assert counts(one) == {dd.CT: 3, dd.MR: 1}
    assert (objects(other), counts(other)) == ([second[0].study, second[0].patient_id], {dd.CT: 1})
    assert (outcome(one), requestor(one)) == ("0", ("RAW_SCU", "127.0.0.1"))


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_queries_are_on_record_while_the_association_that_asked_them_is_silent(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation})
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT]))) as peer:
        for asked in range(1, 4):
            peer.find(dd.STUDY_FIND, dd.identifier("STUDY", PatientID=""))
            recorded(server, QUERY, asked)


def test_refused_instances_are_on_record(server: Isocenter) -> None:
    instance = dd.generate()
    ds = instance.data_set
    del ds.StudyInstanceUID
    assert store(server, [instance.with_bytes(dd.encode(ds, dd.EXPLICIT))]) == [0xA900]
    (message,) = recorded(server, TRANSFERRED)
    assert outcome(message) == "8"
    assert re.search("1 instances were refused.*A900", message.findtext(".//EventOutcomeDescription", ""))


def test_a_query_is_on_record_with_its_identifier(server: Isocenter) -> None:
    (instance,) = store_well(server, [dd.generate()])
    find(server, "STUDY", dd.STUDY_FIND, PatientName="Generated*", StudyInstanceUID="")
    (message,) = recorded(server, QUERY)
    assert (outcome(message), objects(message)) == ("0", [dd.STUDY_FIND])
    identifier = dd.decode(base64.b64decode(message.findtext(".//ParticipantObjectQuery", "")), dd.EXPLICIT)
    assert (identifier.PatientName, identifier.QueryRetrieveLevel) == ("Generated*", "STUDY")
    details = {one.get("type"): base64.b64decode(one.get("value", "")).decode() for one in message.iter("ParticipantObjectDetail")}
    assert details == {"TransferSyntax": dd.EXPLICIT, "Matches": "1"}


def test_retrieves_are_on_record_before_and_after_with_all_who_take_part(make_server: Callable[..., Isocenter]) -> None:
    with RawDestination() as destination:
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        instances = store_well(server, [dd.generate(number=number) for number in (1, 2)])
        study = instances[0].study
        recorded(server, TRANSFERRED)
        peer = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])), "ASKER")
        assert peer.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=study), "VIEWER1")[-1].command.status == 0x0000
        assert peer.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=study), "NOBODY")[-1].command.status == 0xA801
        peer.release()
    get(server, "STUDY", storage=kinds(instances), PatientID=instances[0].patient_id, StudyInstanceUID=study)
    begun_move, begun_get = recorded(server, BEGIN, 2)
    _, moved, refused, got = recorded(server, TRANSFERRED, 4)
    for message in (begun_move, moved):
        assert users(message) == {"ASKER", "VIEWER1", server.query_title}
        assert requestor(message) == ("ASKER", "127.0.0.1")
    for message in (begun_move, moved, begun_get, got):
        assert (objects(message), counts(message), outcome(message)) == ([study, instances[0].patient_id], {dd.CT: 2}, "0")
    assert requestor(got) == ("RAW_SCU", "127.0.0.1")
    assert (outcome(refused), users(refused)) == ("8", {"ASKER", "NOBODY", server.query_title})


def test_corrections_are_on_record_with_who_made_them(server: Isocenter) -> None:
    (instance,) = store_well(server, [dd.generate()])
    assert server.run("correct", "study", instance.study, "--set", "StudyDescription=Other").returncode == 0
    (message,) = recorded(server, ACCESSED)
    assert objects(message) == [instance.study]
    server.stop()
    # Nobody serves: the command writes by itself.
    assert server.run("correct", "undo", "1").returncode == 0
    assert len(messages(server, ACCESSED)) == 2
    assert verify(server).returncode == 0


def test_storescu_and_findscu_of_dcmtk_are_on_record(server: Isocenter, tmp_path: Path) -> None:
    path = dd.generate().write(tmp_path / "one.dcm")
    dcmtk("storescu", *at_storage(server), str(path))
    dcmtk("findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", *at_query(server))
    assert requestor(recorded(server, TRANSFERRED)[0])[0] == "DCMTK"
    assert requestor(recorded(server, QUERY)[0])[0] == "DCMTK"


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_many_associations_at_once_leave_one_whole_chain(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation, "storage-scp": {"associations": 20}})

    def send(number: int) -> None:
        for study in (1, 2):
            store_well(server, [dd.generate(patient=number, study=study)])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded(server, TRANSFERRED, 16)
    server.stop()
    assert verify(server).returncode == 0


def test_what_was_told_is_on_record_after_kill_9_and_the_chain_goes_on(server: Isocenter) -> None:
    for number in (1, 2, 3):
        store_well(server, [dd.generate(number=number)])
    recorded(server, TRANSFERRED, 3)
    server.kill()
    server.start()
    assert len(messages(server, TRANSFERRED)) == 3
    assert len(messages(server, STARTED)) == 2
    assert verify(server).returncode == 0


def housekeeper(server: Isocenter) -> int:
    """The process that writes the trail, as soon as it listens."""
    wait_until((server.data / "audit" / "socket").exists, "a writer of the trail")
    (pid,) = [pid for pid, title in titles(server).items() if "housekeeper" in title]
    return pid


def search(peer: RawPeer, count: int) -> None:
    for _ in range(count):
        assert peer.find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=""))[-1].status == 0x0000


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_what_is_told_while_the_writer_stands_still_is_on_record_later(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation})
    pid = housekeeper(server)
    peer = server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])))
    os.kill(pid, signal.SIGSTOP)
    # More than the system holds for whoever does not read: each is answered all the same.
    held = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
    search(peer, held + 10)
    os.kill(pid, signal.SIGCONT)
    peer.release()
    recorded(server, QUERY, held + 10)
    server.stop()
    assert verify(server).returncode == 0
    assert "missing from the audit trail" not in server.log()


def test_what_is_told_while_there_is_no_writer_is_on_record_later(server: Isocenter) -> None:
    peer = server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])))
    first = housekeeper(server)
    os.kill(first, signal.SIGKILL)
    search(peer, 5)
    peer.release()
    recorded(server, QUERY, 5)
    wait_until(lambda: [pid for pid, title in titles(server).items() if "housekeeper" in title and pid != first], "another housekeeper")
    server.stop()
    assert verify(server).returncode == 0
    assert "missing from the audit trail" not in server.log()


def test_what_is_told_while_the_disk_is_full_is_on_record_once_there_is_space(small_disk: Path, make_server: Callable[..., Isocenter]) -> None:
    server = make_server(start=False)
    server.data = small_disk / "data"
    server.start()
    peer = server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])))
    housekeeper(server)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    # The file may have room up to the end of its last page: more than that.
    search(peer, 30)
    server.wait_for_log("nothing can be put on the audit trail")
    ballast.unlink()
    peer.release()
    recorded(server, QUERY, 30)
    server.wait_for_log("the audit trail is kept again")
    server.stop()
    assert verify(server).returncode == 0
    assert "missing from the audit trail" not in server.log()


# --- Tampering -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stopped(server: Isocenter) -> Iterator[Isocenter]:
    store_well(server, [dd.generate()])
    recorded(server, TRANSFERRED)
    server.stop()
    yield server


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [line.replace("RAW_SCU", "SOMEONE") for line in lines], "was changed"),
        (lambda lines: lines[:1] + lines[2:], "removed"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "removed, or put elsewhere"),
        (lambda lines: lines[:-1], "was:"),
    ],
    ids=["changed", "removed", "reordered", "cut off"],
)
def test_verify_finds_what_was_done_to_the_trail(stopped: Isocenter, change: Callable[[list[str]], list[str]], says: str) -> None:
    (path,) = files(stopped)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")
    found = verify(stopped)
    assert found.returncode == 1
    assert says in found.stdout, found.stdout


def test_verify_holds_the_trail_against_a_record_that_was_noted(stopped: Isocenter) -> None:
    noted = re.search(r"the last is (\d+:[0-9a-f]{64})", verify(stopped).stdout)
    assert noted
    stopped.start()
    stopped.stop()
    assert verify(stopped, "--noted", noted[1]).returncode == 0
    number, digits = noted[1].split(":")
    forged = f"{number}:{'0' * len(digits)}"
    assert verify(stopped, "--noted", forged).returncode == 1


# --- Settings ------------------------------------------------------------------------------------------------------------


def test_no_trail_where_none_is_wanted(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"audit": {"enabled": False}})
    store_well(server, [dd.generate()])
    server.stop()
    assert not (server.data / "audit").exists()


def test_the_trail_is_passed_on_over_syslog(make_server: Callable[..., Isocenter]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = make_server({"audit": {"syslog-host": "127.0.0.1", "syslog-port": port, "syslog-transport": "tcp"}})
    listener.settimeout(30)
    collector, _ = listener.accept()
    store_well(server, [dd.generate()])
    received = b""
    while b'csd-code="110104"' not in received:
        piece = collector.recv(65536)
        assert piece
        received += piece
    length, _, rest = received.partition(b" ")
    assert rest[: int(length)].startswith(b"<85>1 2") and b"DICOM+RFC3881" in rest[: int(length)]
    collector.close()
    listener.close()


def test_tls_without_authorities_is_refused(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"audit": {"syslog-host": "127.0.0.1"}}, start=False)
    said = server.run("settings")
    assert said.returncode != 0 and "audit.syslog-authorities" in said.stderr


# --- The service log -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SIL-094")
def test_sil_094_the_service_log_names_no_patient(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    """Whatever is done with a patient, well or badly: nothing of the name, ID, birth date or description is in the log."""
    marked = {"PatientName": "Zzyzx^Quux", "PatientID": "ZID4711Q", "PatientBirthDate": "19031207", "StudyDescription": "Zdescription", "AccessionNumber": "ZACC99"}
    marks = ["zzyzx", "quux", "zid4711q", "19031207", "zdescription", "zacc99", "zother", "zid4712q"]
    with RawDestination(accept=lambda one: one.abstract_syntax == dd.CT) as destination:
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        one, other = dd.generate(number=1, **marked), dd.generate(number=2, sop_class=dd.MR, **marked)
        store_well(server, [one, other])
        # The same UID with other contents, a data set that lacks its study, one that is cut.
        changed = dd.generate(number=1, ImageComments="other", **marked)
        store(server, [changed])
        lacking = dd.generate(number=3, **marked)
        ds = lacking.data_set
        del ds.StudyInstanceUID
        store(server, [lacking.with_bytes(dd.encode(ds, dd.EXPLICIT)), lacking.with_bytes(lacking.encoded[:-7])])
        for level, keys in (
            ("PATIENT", {"PatientName": "Zzyzx*", "PatientID": "ZID4711Q", "PatientBirthDate": "19031207"}),
            ("PATIENT", {"PatientName": "Zzyzx*", "PatientBirthDate": "Zdescription"}),
            ("NONSENSE", {"PatientName": "Zzyzx*"}),
        ):
            peer = server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT])))
            peer.find(dd.PATIENT_FIND, dd.identifier(level, **keys))
            peer.release()
        peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
        for patient in ("ZID4711Q", "ZID4711Q\\ZACC99*"):
            peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=patient), "VIEWER1")
        peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID="ZID4711Q"), "NOBODY")
        peer.release()
        get(server, "PATIENT", storage=kinds([one]), PatientID="ZID4711Q")
        assert server.run("correct", "patient", "ZID4711Q", "--set", "PatientName=Zother^Name", "--set", "PatientID=ZID4712Q").returncode == 0
        peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
        peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID="ZID4712Q"), "VIEWER1")
        peer.release()
    # A start after a crash looks through what is held.
    server.kill()
    server.start()
    server.stop()
    log = server.log().lower()
    assert "answered c-find" in log and "answered c-move" in log and "refused c-store" in log
    assert {mark for mark in marks if mark in log} == set()
    # The audit trail names them: that is what it is for.
    assert any("ZID4711Q" in objects(message) for message in messages(server))
