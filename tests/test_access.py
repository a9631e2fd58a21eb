"""Who may do what: the rights of peers, the addresses of their titles, and paths that no peer can name (SIL-095)."""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dicom_data as dd
from exchanges import store_well
from raw_peer import C_STORE_RQ, VERIFICATION, RawDestination, RawPeer, Rejected, contexts, role_selection
from server import Isocenter, Settings

COMMITMENT = "1.2.840.10008.1.20.1"
USER_REJECTION, ABSTRACT_SYNTAX = 1, 3
NOT_AUTHORIZED, UNKNOWN_DESTINATION = 0x0124, 0xA801


@pytest.fixture
def destination() -> Iterator[RawDestination]:
    with RawDestination() as one:
        yield one


def known(title: str, **settings: object) -> Settings:
    """A peer of which only its rights matter."""
    return {"ae-title": title, "host": "127.0.0.1", "port": 104, **settings}


def results(server: Isocenter, calling: str, *classes: str, store: bool = False, roles: bytes = b"") -> dict[str, int]:
    """The result of a context for each class."""
    proposed = contexts(*((one, [dd.IMPLICIT]) for one in classes))
    ask = server.storage_peer if store else server.query_peer
    peer = ask(proposed, calling, user_items=roles)
    assert peer.accepted
    answered = {peer.proposed[number].abstract_syntax: result for number, result in peer.accepted.results.items()}
    peer.release()
    return answered


both_presets = pytest.mark.parametrize("preset", ["standard", "annex-f"])


@pytest.mark.requirement("SIL-095")
@both_presets
def test_each_right_that_is_taken_away_refuses_its_contexts_and_no_others(make_server: Callable[..., Isocenter], preset: str) -> None:
    rights = {"may-store": {dd.CT}, "may-ask-commitment": {COMMITMENT}, "may-find": {dd.STUDY_FIND, dd.PATIENT_FIND}, "may-retrieve": {dd.STUDY_MOVE, dd.PATIENT_MOVE}}
    titles = {right: f"NO{number}" for number, right in enumerate(rights)}
    server = make_server({"preset": preset, "peer": [known(titles[right], **{right: False}) for right in rights]})
    storage, query = [dd.CT, COMMITMENT, VERIFICATION], [dd.STUDY_FIND, dd.PATIENT_FIND, dd.STUDY_MOVE, dd.PATIENT_MOVE, VERIFICATION]
    for right, refused in rights.items():
        log = len(server.log())
        got = results(server, titles[right], *storage, store=True) | results(server, titles[right], *query)
        assert got == {one: USER_REJECTION if one in refused else 0 for one in storage + query}, right
        line = server.wait_for_log(r"refused presentation contexts", log)
        assert f"{right} of [[peer]] {titles[right]} is false" in line and "127.0.0.1" in line, line
    assert set(results(server, "SOMEBODY", *query).values()) == {0}, "others have every right"


@pytest.mark.requirement("SIL-095")
def test_who_may_not_retrieve_is_sent_nothing_by_get_either(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"peer": [known("NOBODY", **{"may-retrieve": False})]})
    roles = role_selection(dd.CT, 0, 1)
    assert results(server, "NOBODY", dd.STUDY_GET, dd.CT, roles=roles) == {dd.STUDY_GET: USER_REJECTION, dd.CT: USER_REJECTION}
    assert results(server, "SOMEBODY", dd.STUDY_GET, dd.CT, roles=roles) == {dd.STUDY_GET: 0, dd.CT: 0}


@pytest.mark.requirement("SIL-095")
def test_a_refused_context_cannot_be_used_all_the_same(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"peer": [known("NOBODY", **{"may-store": False})]})
    instance = dd.generate()
    peer = server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]), (instance.sop_class, [instance.transfer_syntax])), "NOBODY")
    refused = next(number for number, one in peer.proposed.items() if one.abstract_syntax == instance.sop_class)
    peer.accepted.results[refused] = 0
    peer.accepted.syntaxes[refused] = instance.transfer_syntax
    with pytest.raises(Exception):  # noqa: B017 - an abort, or the end of the connection, whichever is seen first
        peer.store(instance)
    assert server.vault_files() == []


@pytest.mark.requirement("SIL-095")
@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_move_goes_only_where_the_requester_may_send(make_server: Callable[..., Isocenter], destination: RawDestination, isolation: str) -> None:
    (one,) = [dd.generate()]
    at = {"host": "127.0.0.1", "port": destination.port}
    server = make_server({"isolation": isolation, "peer": [{"ae-title": "VIEWER1", **at}, {"ae-title": "VIEWER2", **at}, known("WS1", **{"retrieve-to": ["VIEWER1", "GONE"]})]})
    store_well(server, [one])

    def moved(calling: str, to: str) -> int:
        peer = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])), calling)
        last = peer.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=one.study), to)[-1].command
        peer.release()
        return last.status

    assert moved("WS1", "VIEWER1") == 0x0000
    assert moved("WS1", "VIEWER2") == NOT_AUTHORIZED
    server.wait_for_log(r"VIEWER2.*retrieve-to of \[\[peer\]\] WS1|retrieve-to of \[\[peer\]\] WS1.*VIEWER2")
    assert moved("WS1", "NOWHERE") == NOT_AUTHORIZED, "nothing is told of who is configured"
    assert moved("WS1", "GONE") == UNKNOWN_DESTINATION
    assert moved("WS2", "VIEWER2") == 0x0000


@pytest.mark.requirement("SIL-095")
def test_a_title_is_bound_to_its_addresses(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"peer": [known("CT1", **{"calls-from": ["192.0.2.0/24", "2001:db8::/32"]}), known("CT2", **{"calls-from": ["127.0.0.0/8"]})]})
    log = len(server.log())
    answer = RawPeer(server.store_address).request(server.store_title, "CT1", contexts((VERIFICATION, [dd.IMPLICIT])))
    assert answer == Rejected(1, 1, 3)
    assert "calls-from of its [[peer]]" in server.wait_for_log(r"rejected association", log)
    for title in ("CT2", "CT3"):
        assert results(server, title, VERIFICATION) == {VERIFICATION: 0}


@pytest.mark.requirement("SIL-095")
@both_presets
def test_unknown_peers_may_do_what_their_table_says(make_server: Callable[..., Isocenter], preset: str) -> None:
    server = make_server({"preset": preset, "unknown-peer": {"may-store": False}, "peer": [known("CT1")]})
    assert results(server, "CT2", VERIFICATION, dd.CT, store=True) == {VERIFICATION: 0, dd.CT: USER_REJECTION}
    assert results(server, "CT2", dd.STUDY_FIND) == {dd.STUDY_FIND: 0}
    assert results(server, "CT1", VERIFICATION, dd.CT, store=True) == {VERIFICATION: 0, dd.CT: 0}
    server.wait_for_log(r"may-store of \[unknown-peer\] is false")


@pytest.mark.requirement("SIL-095")
def test_rules_take_effect_on_reload(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    assert results(server, "CT1", dd.CT, store=True) == {dd.CT: 0}
    server.configure({"unknown-peer": {"may-call": False}, "peer": [known("WS1", **{"may-find": False})]})
    log = len(server.log())
    server.signal(signal.SIGHUP)
    server.wait_for_log("new settings hold", log)
    answer = RawPeer(server.store_address).request(server.store_title, "CT1", contexts((dd.CT, [dd.IMPLICIT])))
    assert answer == Rejected(1, 1, 3)
    assert "unknown-peer.may-call" in server.wait_for_log("rejected association", log)
    assert results(server, "WS1", dd.STUDY_FIND, VERIFICATION) == {dd.STUDY_FIND: USER_REJECTION, VERIFICATION: 0}


@pytest.mark.requirement("SIL-095")
def test_under_annex_f_an_association_for_which_nothing_is_left_is_rejected(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"preset": "annex-f", "peer": [known("WS1", **{"may-find": False})]})
    answer = RawPeer(server.query_address).request(server.query_title, "WS1", contexts((dd.STUDY_FIND, [dd.IMPLICIT])))
    assert answer == Rejected(1, 1, 1)
    server.wait_for_log(r"rejected association: .*may-find of \[\[peer\]\] WS1 is false")


@pytest.mark.requirement("SIL-095")
def test_the_statement_says_who_may_do_what(make_server: Callable[..., Isocenter]) -> None:
    plain = make_server(start=False).run("statement").stdout
    peers = [known("WS1", **{"may-store": False, "retrieve-to": ["WS1"], "calls-from": ["192.0.2.7"]}), known("CT1", **{"may-find": False, "may-retrieve": False})]
    limited = make_server({"peer": peers, "unknown-peer": {"may-call": False}, "storage-scp": {"user-identity": "required"}}, start=False).run("statement").stdout
    for text in ["192.0.2.7/32", "query, retrieve (C-MOVE to WS1 alone), ask for storage commitment", "store, ask for storage commitment", "1 (refused by the user)", "may not call", "A request without a user identity"]:
        assert text in limited and text not in plain, text


# --- Paths -----------------------------------------------------------------------------------------------------------

HOSTILE = [b"../../../../outside", b"../x", b"..", b".", b"/etc/isocenter-was-here", b"1.2/../../3", b"con", b"a\\b", b"1.2.3\0/../4", b"1" * 65, b"1." * 40 + b"1", b"\0", b"~root", b"%2e%2e%2f", b"..%00", b"\xff\xfe", b"1.2.\n3", b"$(id)", b"1.2.840.", b".1.2"]


def everything(root: Path) -> set[str]:
    return {os.path.relpath(os.path.join(folder, name), root) for folder, folders, names in os.walk(root) for name in [*folders, *names]}


def put(group: int, number: int, value: bytes) -> bytes:
    """An element in Implicit VR Little Endian, whatever its value."""
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", group, number, len(value)) + value


def store_raw(peer: RawPeer, study: bytes, series: bytes, sop_instance: bytes) -> int:
    """C-STORE of an instance with these UIDs as they are; the status."""
    elements = [put(0, 0x0002, dd.CT.encode()), put(0, 0x0100, struct.pack("<H", C_STORE_RQ)), put(0, 0x0110, b"\1\0"), put(0, 0x0700, b"\0\0"), put(0, 0x0800, b"\1\0"), put(0, 0x1000, sop_instance)]
    command = b"".join(elements)
    data_set = put(8, 0x0016, dd.CT.encode()) + put(8, 0x0018, sop_instance) + put(8, 0x0060, b"CT") + put(0x10, 0x0010, b"HOSTILE")
    data_set += put(0x10, 0x0020, b"../../../HOSTILE") + put(0x20, 0x000D, study) + put(0x20, 0x000E, series)
    peer.send_message(peer.context_for(dd.CT), put(0, 0, struct.pack("<I", len(command))) + command, data_set)
    return peer.read_message().command.status


@pytest.mark.parametrize("keep_rejected", ["0", "64 KiB"], ids=["dropped", "kept for diagnosis"])
@both_presets
def test_no_uid_or_title_of_a_peer_names_a_file_outside_the_vault(make_server: Callable[..., Isocenter], tmp_path: Path, preset: str, keep_rejected: str) -> None:
    server = make_server({"preset": preset, "storage-scp": {"keep-rejected": keep_rejected}})
    before = everything(tmp_path)
    peer = server.storage_peer(contexts((dd.CT, [dd.IMPLICIT])), "../../x")
    for hostile in HOSTILE:
        for place in range(3):
            uids = [b"1.2.3", b"1.2.4", b"1.2.5"]
            uids[place] = hostile
            assert store_raw(peer, *uids) not in (0x0000, 0xB000, 0xB006, 0xB007), (hostile, place)
    good = dd.generate(transfer_syntax=dd.IMPLICIT)
    assert peer.store(good) in (0x0000, 0xB000), "and the next one is taken"
    peer.release()
    data = os.path.relpath(server.data, tmp_path)
    outside = {path for path in everything(tmp_path) - before if not path.startswith(data)}
    assert outside <= {os.path.relpath(server.log_file, tmp_path)}
    allowed = set("0123456789._dcm")
    (kept,) = server.vault_files()
    inside = kept.relative_to(server.data / "vault")
    assert len(inside.parts) == 6 and set("".join(inside.parts)) <= allowed, inside
    rejected = server.data / "rejected"
    for path in rejected.iterdir() if rejected.exists() else []:
        assert path.is_file() and set(path.name) <= allowed, path
    assert not Path("/etc/isocenter-was-here").exists()
