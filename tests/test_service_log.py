"""The service log (PS3.2 F.4.2.1.3.1.4): each error of communication has an entry that says who, what and why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

import dicom_data as dd
from exchanges import storage_contexts, store_well
from raw_peer import ASSOCIATE_RQ, P_DATA, VERIFICATION, PeerClosed, RawDestination, RawPeer, associate_rq, command_set, contexts, pdu
from server import Isocenter, free_ports

ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))


@dataclass(frozen=True)
class Trouble:
    """What a peer does, and what the log has to say of it besides the peer's title or address."""

    does: Callable[[Isocenter], None]
    says: str
    peer: str = "TROUBLE"


def rejected(server: Isocenter) -> None:
    with RawPeer(server.store_address) as peer:
        peer.request("NO_SUCH_TITLE", "TROUBLE", ECHO)


def no_context(server: Isocenter) -> None:
    with RawPeer(server.query_address) as peer:
        peer.request(server.query_title, "TROUBLE", contexts(("1.2.3", [dd.IMPLICIT])))


def unparsable(server: Isocenter) -> None:
    with RawPeer(server.query_address) as peer:
        peer.send(pdu(ASSOCIATE_RQ, associate_rq(server.query_title, "TROUBLE", ECHO)[6:-3]))
        peer.read_pdu()


def aborted(server: Isocenter) -> None:
    server.query_peer(ECHO, "TROUBLE").abort()


def lost(server: Isocenter) -> None:
    instance = dd.generate(pixel_bytes=100_000)
    peer = server.storage_peer(storage_contexts([instance]), "TROUBLE")
    peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance))
    peer.close()


def dozing(server: Isocenter) -> None:
    with server.query_peer(ECHO, "TROUBLE") as peer:
        peer.expect_abort()


def stalled(server: Isocenter) -> None:
    with server.storage_peer(ECHO, "TROUBLE") as peer:
        peer.send(pdu(P_DATA, bytes(100))[:8])
        peer.expect_abort()


def speaking_something_else(server: Isocenter) -> None:
    with server.storage_peer(ECHO, "TROUBLE") as peer:
        peer.send(pdu(0x44, bytes(4)))
        peer.expect_abort()


def unknown_operation(server: Isocenter) -> None:
    with server.storage_peer(ECHO, "TROUBLE") as peer:
        peer.send_message(1, command_set(requested_sop_class=VERIFICATION, command_field=0x0140, message_id=1, data_set_type=0x0101, requested_sop_instance="1.2.3"))
        peer.read_message()


def bad_instance(server: Isocenter) -> None:
    instance = dd.generate()
    with server.storage_peer(storage_contexts([instance]), "TROUBLE") as peer:
        assert peer.store(instance.with_bytes(instance.encoded[:-20])) == 0xC000


def bad_query(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])), "TROUBLE") as peer:
        assert peer.find(dd.STUDY_FIND, dd.identifier("WARD"))[1].status == 0xA900


def query_for_everything(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])), "TROUBLE") as peer:
        assert peer.find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID=""))[1].status == 0xC001


def ordered(to: str) -> Callable[[Isocenter], None]:
    def order(server: Isocenter) -> None:
        with server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), "TROUBLE") as peer:
            peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=dd.generate(number=99).patient_id), to)

    return order


TROUBLES = {
    "rejected": Trouble(rejected, "1/1/7.*NO_SUCH_TITLE|NO_SUCH_TITLE.*1/1/7"),
    "no acceptable context": Trouble(no_context, "1/1/1"),
    "unparsable request": Trouble(unparsable, "1/2/1", peer="127.0.0.1"),
    "aborted by the peer": Trouble(aborted, "abort"),
    "lost": Trouble(lost, "lost"),
    "nothing asked for too long": Trouble(dozing, "timed out"),
    "stopped in a PDU": Trouble(stalled, "timed out"),
    "broke the protocol": Trouble(speaking_something_else, "44H"),
    "operation that is not offered": Trouble(unknown_operation, "0211|0122"),
    "instance that cannot be parsed": Trouble(bad_instance, "C-STORE.*C000"),
    "query that does not fit": Trouble(bad_query, "C-FIND.*A900"),
    "query that is not run": Trouble(query_for_everything, "C-FIND.*C001"),
    "destination that nobody knows": Trouble(ordered("NOBODY"), "NOBODY"),
    "destination that is not there": Trouble(ordered("ABSENT"), "ABSENT.*(refused|cannot connect)"),
    "destination that refuses": Trouble(ordered("REFUSES"), "REFUSES|A700"),
}


@pytest.fixture(scope="module", params=["text", "json"])
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    with RawDestination(on_store=lambda *_: 0xA700) as destination:
        peers = [{"ae-title": "ABSENT", "host": "127.0.0.1", "port": free_ports(1)[0]}, {"ae-title": "REFUSES", "host": "127.0.0.1", "port": destination.port}]
        started = make_shared_server(
            {
                "preset": "annex-f",
                "log": {"format": request.param},
                "network": {"between-packets-timeout": "1s"},
                "query-retrieve-scp": {"idle-timeout": "1s"},
                "peer": peers,
            }
        )
        store_well(started, [dd.generate(number=99)])
        yield started


@pytest.mark.parametrize("name", TROUBLES)
def test_gen_013_every_error_of_communication_has_an_entry(server: Isocenter, name: str) -> None:
    trouble = TROUBLES[name]
    before = len(server.log())
    try:
        trouble.does(server)
    except PeerClosed:
        pass
    # A message may stand before or behind the fields that say who it is about.
    line = server.wait_for_log(f"(WARN|ERROR)(?=.*{trouble.peer})(?=.*({trouble.says}))", since=before)
    if server.settings["log"]["format"] == "json":
        entry = json.loads(line)
        assert entry["level"] in ("WARN", "ERROR") and entry["timestamp"]
        assert re.search(trouble.peer, json.dumps(entry))
    else:
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z +(WARN|ERROR) ", line)


def test_dif_020_codes_are_named_as_the_standard_names_them(server: Isocenter) -> None:
    before = len(server.log())
    bad_query(server)
    with server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), "TROUBLE") as peer:
        assert [one.command.status for one in peer.move(dd.PATIENT_MOVE, dd.identifier("WARD"), "REFUSES")] == [0xA900]
    for operation in ("C-FIND", "C-MOVE"):
        server.wait_for_log(f"{operation}.*data set does not match SOP class", since=before)


def test_gen_013_every_line_is_an_entry(server: Isocenter) -> None:
    """Nothing in the log comes without a time and a level, whoever wrote it."""
    lines = server.log().splitlines()
    assert lines
    for line in lines:
        if server.settings["log"]["format"] == "json":
            assert {"timestamp", "level"} <= set(json.loads(line))
        else:
            assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z +(TRACE|DEBUG|INFO|WARN|ERROR) ", line), line


# --- What an ordinary exchange leaves ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """An ordinary request: how it is made, the message of its one entry, and fields of that."""

    does: Callable[[Isocenter], None]
    message: str
    fields: dict[str, object]


def echo(server: Isocenter) -> None:
    with server.query_peer(ECHO, "ORDINARY") as peer:
        assert peer.echo() == 0x0000
        peer.release()


def query(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.IMPLICIT])), "ORDINARY") as peer:
        assert peer.find(dd.STUDY_FIND, dd.identifier("STUDY", StudyInstanceUID="", PatientID=dd.generate(number=99).patient_id))[1].status == 0x0000
        peer.release()


def storing(server: Isocenter) -> None:
    instance = dd.generate(number=98)
    with server.storage_peer(storage_contexts([instance]), "ORDINARY") as peer:
        assert peer.store(instance) == 0x0000
        peer.release()


def retrieving(server: Isocenter) -> None:
    with server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), "ORDINARY") as peer:
        peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=dd.generate(number=99).patient_id), "REFUSES")
        peer.release()


ORDINARY = {
    "C-ECHO": Entry(echo, "answered C-ECHO", {"operation": "C-ECHO", "message_id": 1, "status": "0000H (success)"}),
    "C-FIND": Entry(query, "answered C-FIND", {"operation": "C-FIND", "query_level": "STUDY", "matches": 1, "keys": "PatientID", "status": "0000H (success)"}),
    "C-STORE": Entry(storing, "released association", {"requests": 1, "stored": 1, "refused": 0}),
    "C-MOVE": Entry(retrieving, "answered C-MOVE", {"operation": "C-MOVE", "destination": "REFUSES", "completed": 0, "warning": 0}),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_gen_013_a_request_has_one_entry_with_the_same_fields_in_either_form(server: Isocenter, name: str) -> None:
    entry = ORDINARY[name]
    before = len(server.log())
    entry.does(server)
    server.wait_for_log("released association", since=before)
    lines = [line for line in server.log()[before:].splitlines() if entry.message in line]
    assert len(lines) == 1
    fields = {"calling": "ORDINARY"} | entry.fields
    if server.settings["log"]["format"] == "json":
        said = json.loads(lines[0])
        assert said["message"] == entry.message and fields.items() <= said.items()
        assert re.fullmatch(r"127\.0\.0\.1:\d+", said["peer"])
        assert not any(isinstance(value, (dict, list)) for value in said.values())
    else:
        assert re.search(r"association\{peer=127\.0\.0\.1:\d+ ", lines[0])
        for key, value in fields.items():
            assert re.search(rf'\b{key}="?{re.escape(str(value))}', lines[0]), key


@pytest.mark.requirement("SIL-094")
def test_no_entry_has_what_is_the_patients(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"log": {"level": "trace"}})
    instance = dd.generate(PatientName="Secret^Name", PatientID="SECRET-ID", AccessionNumber="SECRET-ACC")
    store_well(server, [instance])
    with server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT])), "ASKER") as peer:
        peer.find(dd.PATIENT_FIND, dd.identifier("PATIENT", PatientID="SECRET-ID", PatientName="Secret*"))
        peer.find(dd.PATIENT_FIND, dd.identifier("WARD", PatientID="SECRET-ID"))
        peer.release()
    with server.storage_peer(storage_contexts([instance])) as peer:
        peer.store(instance.with_bytes(instance.encoded[:-20]))
        peer.release()
    server.stop()
    assert "answered C-FIND" in server.log() and "refused C-STORE" in server.log()
    assert "secret" not in server.log().lower()


def test_gen_013_an_entry_says_whom_it_is_about_whatever_is_left_out(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"log": {"level": "warn"}})
    bad_query(server)
    line = server.wait_for_log("refused C-FIND")
    assert "TROUBLE" in line and "127.0.0.1" in line and 'operation="C-FIND"' in line
    assert " INFO " not in server.log()
