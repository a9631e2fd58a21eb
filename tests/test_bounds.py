"""What is far too much of something: a bound with a name answers it, in bounded memory, and others are served meanwhile.

The bounds are printed in docs/reference/bounds.md. What is broken rather than too much is in test_bad_input.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dicom_data as dd
from exchanges import find, store_well
from raw_peer import (
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    C_ECHO_RQ,
    NO_DATA_SET,
    P_DATA,
    VERIFICATION,
    PeerClosed,
    Proposed,
    RawPeer,
    Rejected,
    associate_rq,
    command_set,
    contexts,
    item,
    pdvs,
    pdu,
    role_selection,
)
from server import Isocenter

MEGABYTE = 1 << 20
LIMIT = 64 * MEGABYTE
IDENTIFIER_BYTES_MAX = 2 * MEGABYTE
MOVE_DESTINATION_UNKNOWN = 0xA801
SUCCESS, RESOURCE_LIMITATION, DOES_NOT_MATCH = 0x0000, 0x0213, 0xA900


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    server = make_shared_server()
    store_well(server, [dd.generate(number=number) for number in range(1, 6)])
    return server


@pytest.fixture
def another(server: Isocenter) -> Iterator[RawPeer]:
    """An association that has begun before, and is served when the other has been dealt with, too."""
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT])), "ANOTHER") as peer:
        assert peer.echo() == SUCCESS
        yield peer


def peak(server: Isocenter) -> int:
    """The most memory that any process of the server has had resident at once, beyond what it shares with files."""
    peaks = []
    for pid in server.processes():
        try:
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        except (FileNotFoundError, ProcessLookupError):
            continue
        peaks.append(int(status["VmHWM"].split()[0]) - int(status["RssFile"].split()[0]))
    return max(peaks) * 1024


def query_contexts(transfer_syntax: str = dd.IMPLICIT) -> list[Proposed]:
    return contexts((dd.STUDY_FIND, [transfer_syntax]), (dd.STUDY_MOVE, [transfer_syntax]), (VERIFICATION, [dd.IMPLICIT]))


def asked(server: Isocenter, identifier: bytes, transfer_syntax: str = dd.IMPLICIT) -> int:
    """The final status of a C-FIND; the association goes on, and no process has grown beyond the limit."""
    with server.query_peer(query_contexts(transfer_syntax)) as peer:
        _, last = peer.find(dd.STUDY_FIND, identifier)
        assert peak(server) < LIMIT
        assert peer.echo() == SUCCESS
        peer.release()
    return last.status


@pytest.mark.parametrize("length", range(1, 8))
def test_a_maximum_length_in_which_nothing_fits_is_rejected(server: Isocenter, another: RawPeer, length: int) -> None:
    with RawPeer(server.store_address) as peer:
        answer = peer.request(server.store_title, "TINY", contexts((VERIFICATION, [dd.IMPLICIT])), maximum=length)
        assert isinstance(answer, Rejected), answer
    assert another.echo() == SUCCESS


def test_the_smallest_maximum_length_and_none_at_all_are_served(server: Isocenter) -> None:
    for length in [8, 9, 0, None, 0xFFFFFFFF]:
        with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT])), maximum=length) as peer:
            assert peer.echo() == SUCCESS
            peer.release()


def requests_too_full(server: Isocenter) -> dict[str, tuple[bytes, set[int]]]:
    """A-ASSOCIATE-RQs that are as full of one thing as 256 KiB let them be, and what may come of each."""
    offered = contexts((VERIFICATION, [dd.IMPLICIT]))
    many = [Proposed(id=(2 * at + 1) % 256, abstract_syntax=VERIFICATION, transfer_syntaxes=(dd.IMPLICIT,)) for at in range(4000)]
    even = [Proposed(id=(2 * at) % 256, abstract_syntax=VERIFICATION, transfer_syntaxes=(dd.IMPLICIT,)) for at in range(4000)]

    def rq(proposed: list[Proposed], user_items: bytes = b"") -> bytes:
        return associate_rq(server.store_title, "FULL", proposed, user_items=user_items)

    room = 65_000
    role = role_selection("1.2", 1, 1)
    return {
        "four thousand contexts": (rq(many), {ASSOCIATE_RJ}),
        "four thousand contexts with even numbers": (rq(even), {ASSOCIATE_RJ}),
        "roles": (rq(offered, role * (room // len(role))), {ASSOCIATE_AC}),
        "user information of no known type": (rq(offered, item(0x7F, b"") * (room // 4)), {ASSOCIATE_AC}),
        "a user identity of 60 kB": (rq(offered, item(0x58, b"\1\0" + struct.pack(">H", 60_000) + bytes(60_000) + b"\0\0")), {ASSOCIATE_AC, ASSOCIATE_RJ}),
        "extended negotiation": (rq(offered, item(0x56, struct.pack(">H", 17) + VERIFICATION.encode()) * (room // 23)), {ASSOCIATE_AC}),
        "items of no known type": (associate_rq_with(server, item(0x99, b"") * 60_000), {ASSOCIATE_AC}),
        "a million contexts": (pdu(1, rq(many)[6:78] + item(0x20, b"\1\0\0\0") * 1_000_000), {ASSOCIATE_RJ}),
    }


def associate_rq_with(server: Isocenter, items: bytes) -> bytes:
    request = associate_rq(server.store_title, "FULL", contexts((VERIFICATION, [dd.IMPLICIT])))
    return pdu(1, request[6:] + items)


FULL = ["four thousand contexts", "four thousand contexts with even numbers", "roles", "user information of no known type", "a user identity of 60 kB", "extended negotiation", "items of no known type", "a million contexts"]


@pytest.mark.parametrize("name", FULL)
def test_a_request_that_is_full_of_one_thing_is_answered(server: Isocenter, another: RawPeer, name: str) -> None:
    request, answers = requests_too_full(server)[name]
    with RawPeer(server.store_address) as peer:
        try:
            peer.send(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # rejected by its length, before it was read
        try:
            answer = peer.read_pdu()
            assert answer.type in answers, answer
        except PeerClosed:
            assert ASSOCIATE_RJ in answers
        assert peak(server) < LIMIT
    assert another.echo() == SUCCESS


def uid_list(count: int) -> bytes:
    """An identifier of a C-FIND for as many studies, none of which is held."""
    value = "\\".join(f"1.2.{number}" for number in range(1_000_000, 1_000_000 + count)).encode()
    value += b"\0" * (len(value) % 2)
    level = struct.pack("<HHL", 0x0008, 0x0052, 6) + b"STUDY "
    return level + struct.pack("<HHL", 0x0020, 0x000D, len(value)) + value


def test_a_list_of_as_many_uids_as_fit_is_looked_for(server: Isocenter, another: RawPeer) -> None:
    identifier = uid_list(170_000)
    assert IDENTIFIER_BYTES_MAX * 0.9 < len(identifier) < IDENTIFIER_BYTES_MAX
    assert asked(server, identifier) == SUCCESS
    assert another.echo() == SUCCESS


def test_a_list_of_a_million_uids_is_refused(server: Isocenter, another: RawPeer) -> None:
    assert asked(server, uid_list(1_000_000)) == RESOURCE_LIMITATION
    assert another.echo() == SUCCESS


def test_a_list_of_uids_to_be_moved_is_bounded_too(server: Isocenter, another: RawPeer) -> None:
    for count, status in [(170_000, MOVE_DESTINATION_UNKNOWN), (1_000_000, RESOURCE_LIMITATION)]:
        with server.query_peer(query_contexts()) as peer:
            *_, last = peer.move(dd.STUDY_MOVE, uid_list(count), "NOBODY")
            assert last.command.status == status, last
            assert peak(server) < LIMIT
            assert peer.echo() == SUCCESS
    assert another.echo() == SUCCESS


@pytest.mark.parametrize("keyword", ["PatientName", "StudyDescription", "AccessionNumber", "PatientID"])
@pytest.mark.parametrize(
    ("length", "status"),
    [(1024, SUCCESS), (1026, DOES_NOT_MATCH), (60_000, DOES_NOT_MATCH), (1_900_000, DOES_NOT_MATCH), (6_000_000, RESOURCE_LIMITATION)],
)
def test_wild_cards_without_end_are_refused(server: Isocenter, another: RawPeer, keyword: str, length: int, status: int) -> None:
    tags = {"PatientName": (0x0010, 0x0010), "StudyDescription": (0x0008, 0x1030), "AccessionNumber": (0x0008, 0x0050), "PatientID": (0x0010, 0x0020)}
    elements = {(0x0008, 0x0052): b"STUDY ", (0x0020, 0x000D): b"", tags[keyword]: b"*a" * (length // 2)}
    identifier = b"".join(struct.pack("<HHL", *tag, len(value)) + value for tag, value in sorted(elements.items()))
    assert asked(server, identifier) == status
    assert another.echo() == SUCCESS


def test_an_identifier_nested_without_end_is_refused(server: Isocenter, another: RawPeer) -> None:
    nested = (struct.pack("<HHL", 0x0040, 0xA730, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * 25_000
    assert len(nested) == 400_000
    level = struct.pack("<HHL", 0x0008, 0x0052, 6) + b"STUDY "
    assert asked(server, level + nested) == DOES_NOT_MATCH
    assert another.echo() == SUCCESS


def test_an_identifier_of_too_many_elements_is_refused(server: Isocenter) -> None:
    level = struct.pack("<HHL", 0x0008, 0x0052, 6) + b"STUDY "
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 200_000
    assert asked(server, level + struct.pack("<HHL", 0x0040, 0xA730, len(items)) + items) == DOES_NOT_MATCH


def test_operations_that_nobody_reads_the_answers_of_end_with_the_write_timeout(make_server: Callable[..., Isocenter]) -> None:
    """Requests without end, and no answer is ever read: the server stops reading, then waiting."""
    server = make_server({"network": {"write-timeout": "1s"}})
    another = server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT])), "ANOTHER")
    echo = command_set(affected_sop_class=VERIFICATION, command_field=C_ECHO_RQ, message_id=1, data_set_type=NO_DATA_SET)
    (one,) = (pdu(P_DATA, each) for each in pdvs(1, echo, None, 16384))
    peer = server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT])), "DEAF")
    begun = len(server.log())
    sent = 0
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        # More than any two buffers of the system hold; ends long before, when the connection is closed.
        for _ in range(100_000):
            peer.send(one * 100)
            sent += 100
            if sent % 10_000 == 0:
                assert another.echo() == SUCCESS
    assert sent >= 1000
    server.wait_for_log(r"DEAF", since=begun)
    assert another.echo() == SUCCESS
    assert peak(server) < LIMIT


def test_queries_for_everything_whose_answers_nobody_reads_hold_up_nobody(make_server: Callable[..., Isocenter]) -> None:
    """A hundred queries that match everything, and no answer is read before others were served: more than buffers hold."""
    server = make_server()
    store_well(server, [dd.generate(number=number, series=1, pixel_bytes=2) for number in range(1, 301)])
    everything = dd.identifier("IMAGE", SOPInstanceUID="", PatientName="", StudyDescription="", InstanceNumber="")
    with server.query_peer(query_contexts()) as peer:
        queries = [peer.start_find(dd.STUDY_FIND, everything) for _ in range(100)]
        # Others ask meanwhile, and get the same answers.
        assert len(find(server, "IMAGE", dd.STUDY_FIND, SOPInstanceUID="")) == 300
        assert peak(server) < LIMIT
        for query in queries:
            *answers, last = peer.responses(query)
            assert (len(answers), last.command.status) == (300, SUCCESS)
        assert peer.echo() == SUCCESS
        peer.release()
    assert peak(server) < LIMIT
