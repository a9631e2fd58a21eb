"""What cannot be parsed, contradicts itself or is cut off: a status that fits, one log line, nothing kept, and on it goes."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable

import pytest

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_held, assert_nothing_kept, find, storage_contexts, store_well
from raw_peer import (
    C_ECHO_RQ,
    C_FIND_RQ,
    C_GET_RQ,
    C_MOVE_RQ,
    NO_DATA_SET,
    VERIFICATION,
    PeerClosed,
    command_set,
    contexts,
)
from server import Isocenter, private_bytes

UNDEFINED = b"\xff\xff\xff\xff"

# Failure of a C-STORE: out of resources, data set does not match, cannot understand (PS3.4 B.2.3); and of any
# operation: no such attribute … class-instance conflict (PS3.7 annex C).
CANNOT_UNDERSTAND = range(0xC000, 0xD000)
DOES_NOT_MATCH = range(0xA900, 0xAA00)
INVALID_INSTANCE, CLASS_INSTANCE_CONFLICT, CLASS_NOT_SUPPORTED = 0x0117, 0x0119, 0x0122
UNREADABLE = {*CANNOT_UNDERSTAND, *DOES_NOT_MATCH}
UNUSABLE = {*CANNOT_UNDERSTAND, *DOES_NOT_MATCH, INVALID_INSTANCE, 0x0106}
UNRECOGNIZED_OPERATION = 0x0211
CONTRADICTION = {*DOES_NOT_MATCH, INVALID_INSTANCE, CLASS_INSTANCE_CONFLICT, CLASS_NOT_SUPPORTED}


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    """An element in Explicit VR Little Endian."""
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC"):
        return struct.pack("<HH2sHL", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def without(instance: Instance, keyword: str) -> Instance:
    """The instance without an element; its ids still say what they said."""
    ds = dd.decode(instance.encoded, instance.transfer_syntax)
    del ds[keyword]
    return instance.with_bytes(dd.encode(ds, instance.transfer_syntax))


def saying(instance: Instance, **values: object) -> Instance:
    """The instance with other values in the data set than the command says."""
    ds = dd.decode(instance.encoded, instance.transfer_syntax)
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return instance.with_bytes(dd.encode(ds, instance.transfer_syntax))


def explicit(number: int) -> Instance:
    return dd.generate(number=number)


def nested(depth: int, transfer_syntax: str = dd.EXPLICIT) -> Instance:
    """A whole instance with sequences nested so deep in its end."""
    instance = dd.generate(number=60, transfer_syntax=transfer_syntax, PixelData=None)
    header = b"\x40\x00\x30\xa7SQ\0\0" if transfer_syntax == dd.EXPLICIT else b"\x40\x00\x30\xa7"
    open_ = header + UNDEFINED + b"\xfe\xff\x00\xe0" + UNDEFINED
    close = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    at = instance.encoded.index(b"\x28\x00\x02\x00")
    # Behind all that the catalog takes, but in the order of tags: (0040,A730) follows group 0028.
    return instance.with_bytes(instance.encoded[:at] + (open_ * depth + close * depth))


def deflated(whole: bytes, number: int) -> Instance:
    instance = dd.generate(number=number, transfer_syntax=dd.DEFLATED)
    return instance.with_bytes(whole)


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


good = explicit(1)
pixel_at = good.encoded.index(b"\xe0\x7f\x10\x00")
study_at = good.encoded.index(b"\x20\x00\x0d\x00")

BAD: dict[str, tuple[Instance, set[int]]] = {
    "empty data set": (explicit(2).with_bytes(b""), UNREADABLE | UNUSABLE),
    "noise": (explicit(3).with_bytes(bytes((at * 89 + 7) & 0xFF for at in range(5000))), UNREADABLE),
    "text": (explicit(4).with_bytes(b"This is not a data set at all, however long one reads it. " * 20), UNREADABLE),
    "zeros": (explicit(5).with_bytes(bytes(4096)), UNREADABLE | UNUSABLE),
    "cut in the pixel data": (explicit(1).with_bytes(good.encoded[:-100]), UNREADABLE),
    "cut in a header": (explicit(1).with_bytes(good.encoded[: pixel_at + 6]), UNREADABLE),
    "cut in a value": (explicit(1).with_bytes(good.encoded[: study_at + 15]), UNREADABLE),
    "cut by one byte": (explicit(1).with_bytes(good.encoded[:-1]), UNREADABLE),
    "length beyond the end": (explicit(6).with_bytes(good.encoded + element(0x7FE1, 0x0010, b"OB", b"")[:-4] + struct.pack("<L", 0x7FFFFFF0)), UNREADABLE),
    "length bomb of 76 bytes": (explicit(7).with_bytes((element(0x0008, 0x0005, b"CS", b"ISO_IR 100") + element(0x0008, 0x0016, b"OB", b"")[:-4] + struct.pack("<L", 0xFFFFFFF0) + bytes(64))[:76]), UNREADABLE),
    "sequence cut in its item": (explicit(8).with_bytes(explicit(8).encoded[:pixel_at] + b"\x40\x00\x75\x02SQ\0\0" + UNDEFINED + b"\xfe\xff\x00\xe0" + UNDEFINED), UNREADABLE),
    "item longer than its sequence": (
        explicit(9).with_bytes(explicit(9).encoded[:pixel_at] + element(0x0040, 0x0275, b"SQ", b"\xfe\xff\x00\xe0" + struct.pack("<L", 5000) + bytes(16)) + explicit(9).encoded[pixel_at:]),
        UNREADABLE,
    ),
    "fragments without their end": (dd.generate(number=10, transfer_syntax=dd.RLE).with_bytes(dd.generate(number=10, transfer_syntax=dd.RLE).encoded[:-8]), UNREADABLE),
    "fragment longer than the data set": (
        dd.generate(number=11, transfer_syntax=dd.RLE).with_bytes(dd.generate(number=11, transfer_syntax=dd.RLE).encoded[:-8] + b"\xfe\xff\x00\xe0\xff\xff\xff\x7f"),
        UNREADABLE,
    ),
    "nested ten thousand deep": (nested(10_000), UNREADABLE),
    "nested ten thousand deep, implicit": (nested(10_000, dd.IMPLICIT), UNREADABLE),
    "explicit bytes on an implicit context": (dd.generate(number=12, transfer_syntax=dd.IMPLICIT).with_bytes(explicit(12).encoded), UNREADABLE | UNUSABLE),
    "implicit bytes on an explicit context": (explicit(13).with_bytes(dd.generate(number=13, transfer_syntax=dd.IMPLICIT).encoded), UNREADABLE | UNUSABLE),
    "big endian bytes on a little endian context": (explicit(14).with_bytes(dd.generate(number=14, transfer_syntax=dd.BIG_ENDIAN).encoded), UNREADABLE | UNUSABLE),
    "deflated: not deflated": (deflated(good.encoded, 15), UNREADABLE | UNUSABLE),
    "deflated: cut": (deflated(dd.rich(dd.DEFLATED, number=16).encoded[:-300], 16), UNREADABLE),
    "deflated: noise": (deflated(bytes((at * 101 + 3) & 0xFF for at in range(3000)), 17), UNREADABLE),
    "a Part 10 file as a data set": (explicit(18).with_bytes(explicit(18).file_bytes()), UNREADABLE | UNUSABLE),
    "no SOP Instance UID": (without(explicit(20), "SOPInstanceUID"), UNUSABLE),
    "no SOP Class UID": (without(explicit(21), "SOPClassUID"), UNUSABLE),
    "no Study Instance UID": (without(explicit(22), "StudyInstanceUID"), UNUSABLE),
    "no Series Instance UID": (without(explicit(23), "SeriesInstanceUID"), UNUSABLE),
    "empty Study Instance UID": (saying(explicit(24), StudyInstanceUID=""), UNUSABLE),
    "empty Series Instance UID": (saying(explicit(25), SeriesInstanceUID=""), UNUSABLE),
    "another SOP Instance UID than the command": (saying(explicit(26), SOPInstanceUID=dd.uid(1, 2, 3, 4, 5)), CONTRADICTION),
    "another SOP Class UID than the command": (saying(explicit(27), SOPClassUID=dd.MR), CONTRADICTION),
}


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    return make_shared_server()


@pytest.mark.parametrize("name", BAD)
def test_scp_051_iod_005_sil_072_sil_073_bad_instances_are_refused_and_nothing_is_kept(server: Isocenter, name: str) -> None:
    bad, statuses = BAD[name]
    before = len(server.log())
    offered = contexts((dd.CT, [bad.transfer_syntax]), (VERIFICATION, [dd.IMPLICIT]))
    with server.storage_peer(offered, "BAD_SCU") as peer:
        answer = peer.store_response(bad.sop_class, bad.sop_instance, bad.encoded, 1)
        assert answer.status in statuses, f"{answer.status:04X}"
        assert answer.affected_sop_instance == bad.sop_instance
        assert len(answer.get("error_comment", "")) <= 64
        # The association goes on.
        assert peer.echo() == 0x0000
        peer.release()
    assert_nothing_kept(server)
    # One line says who sent it, what was answered and why.
    line = server.wait_for_log(rf"{answer.status:04X}", since=before)
    assert "BAD_SCU" in line, line
    said = [line for line in server.log()[before:].splitlines() if re.search(rf"{answer.status:04X}", line)]
    assert len(said) == 1, said


def test_a_good_instance_after_many_bad_ones(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        bad_ones = [bad for bad, _ in BAD.values() if bad.transfer_syntax == dd.EXPLICIT]
        for bad in bad_ones:
            assert peer.store(bad, 1) != 0x0000
            assert peer.store(good, 1) == 0x0000
        peer.release()
    assert [path.name for path in server.vault_files()] == [f"{good.sop_instance}.dcm"]
    assert_held(server, [good])


BAD_UIDS = {
    "letters": "1.2.abc.3",
    "a path upwards": "../../../../tmp/outside",
    "an absolute path": "/tmp/outside",
    "only dots": "..",
    "a dot": ".",
    "a NUL inside": "1.2\0.3",
    "a line break": "1.2\n.3",
    "sixty-five digits": "1." + "2" * 63,
    "two hundred digits": "1." + "2" * 198,
    "a name that ends the file's": "1.2.3.dcm",
    "a space inside": "1.2 .3",
    "beyond ASCII": "1.2.\xe9",
}


@pytest.mark.parametrize("which", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("name", BAD_UIDS)
def test_a_uid_that_is_none_never_names_a_file(server: Isocenter, name: str, which: str) -> None:
    value = BAD_UIDS[name]
    raw = value.encode("latin-1")
    raw += b"\0" * (len(raw) % 2)
    tag = {"SOPInstanceUID": (0x0008, 0x0018), "StudyInstanceUID": (0x0020, 0x000D), "SeriesInstanceUID": (0x0020, 0x000E)}[which]
    instance = explicit(30)
    old = element(*tag, b"UI", getattr(instance.data_set, which).encode() + b"\0" * (len(getattr(instance.data_set, which)) % 2))
    assert old in instance.encoded
    encoded = instance.encoded.replace(old, element(*tag, b"UI", raw))
    said = value if which == "SOPInstanceUID" else instance.sop_instance
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]), (VERIFICATION, [dd.IMPLICIT])), "BAD_UID") as peer:
        peer.send_message(1, raw_store_command(said.encode("latin-1")), encoded)
        answer = peer.read_message().command
        assert answer.status not in (0x0000, 0xB000, 0xB006, 0xB007), f"{answer.status:04X}"
        assert peer.echo() == 0x0000
        peer.release()
    assert_nothing_kept(server)


def raw_store_command(sop_instance: bytes) -> bytes:
    """A C-STORE-RQ whose instance UID is whatever it is."""
    parts = [
        (0x0002, dd.CT.encode()),
        (0x0100, b"\x01\x00"),
        (0x0110, b"\x01\x00"),
        (0x0700, b"\x00\x00"),
        (0x0800, b"\x01\x00"),
        (0x1000, sop_instance),
    ]
    encoded = b""
    for number, value in parts:
        value += b"\0" * (len(value) % 2)
        encoded += struct.pack("<HHL", 0, number, len(value)) + value
    return struct.pack("<HHLL", 0, 0, 4, len(encoded)) + encoded


def test_a_deflate_bomb_is_stopped_in_bounded_memory(server: Isocenter) -> None:
    """A gigabyte of zeros in a megabyte."""
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    begin = explicit(40).encoded[:pixel_at] + b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<L", 1 << 30)
    bomb = compressor.compress(begin) + b"".join(compressor.compress(bytes(1 << 20)) for _ in range(1 << 10)) + compressor.flush()
    assert len(bomb) < 2_000_000
    with server.storage_peer(contexts((dd.CT, [dd.DEFLATED]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
        peer.send_message(1, peer.store_command(dd.CT, explicit(40).sop_instance), bomb)
        answer = peer.read_message().command
        costs = [private_bytes(pid) for pid in server.processes()]
        assert max(costs) < 64 << 20, costs
        # It is a readable data set; a cap on its size may refuse it.
        assert answer.status == 0x0000 or answer.status in UNREADABLE or answer.status == 0xA700, f"{answer.status:04X}"
        assert peer.echo() == 0x0000


def test_nesting_that_real_instances_have_is_taken(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instances = [nested(30), nested(13, dd.IMPLICIT)]
    for instance in instances:
        store_well(server, [instance])
        assert_held(server, [instance])


def test_a_command_set_of_a_megabyte_is_not_read(server: Isocenter) -> None:
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]))) as peer:
        try:
            peer.send_message(1, struct.pack("<HHLL", 0, 0, 4, 1 << 20) + bytes(1 << 20))
            peer.expect_abort()
        except (PeerClosed, ConnectionError):
            pass  # closed while there was more to send
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT]))) as peer:
        assert peer.echo() == 0x0000


def test_a_command_without_what_it_needs(server: Isocenter) -> None:
    """C-STORE without its instance, C-STORE that announces no data set: a failure or an abort, no more."""
    from raw_peer import ABORT, OtherPdu

    commands = [
        command_set(affected_sop_class=dd.CT, command_field=0x0001, message_id=1, priority=0, data_set_type=1),
        command_set(affected_sop_class=dd.CT, command_field=0x0001, message_id=1, priority=0, data_set_type=NO_DATA_SET, affected_sop_instance="1.2.3"),
        command_set(command_field=0x0001, message_id=1, priority=0, data_set_type=1, affected_sop_instance="1.2.3"),
        command_set(affected_sop_class=dd.CT, message_id=1, priority=0, data_set_type=1, affected_sop_instance="1.2.3"),
        command_set(affected_sop_class=dd.CT, command_field=0x0001, priority=0, data_set_type=1, affected_sop_instance="1.2.3"),
        b"",
    ]
    for command in commands:
        with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]), (VERIFICATION, [dd.IMPLICIT]))) as peer:
            data_set = None if b"\0\0\0\x08\2\0\0\0\1\1" in command else good.encoded
            peer.send_message(1, command, data_set)
            try:
                assert peer.read_message().command.status not in (0x0000, 0xB000)
                assert peer.echo() == 0x0000
            except OtherPdu as other:
                assert other.pdu.type == ABORT
            except (PeerClosed, ConnectionError):
                pass
    assert_nothing_kept(server)


def test_the_same_holds_with_threads(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"isolation": "thread"})
    for bad, statuses in BAD.values():
        with server.storage_peer(contexts((dd.CT, [bad.transfer_syntax]), (VERIFICATION, [dd.IMPLICIT])), "BAD_SCU") as peer:
            assert peer.store(bad, 1) in statuses
            assert peer.echo() == 0x0000
    assert_nothing_kept(server)
    store_well(server, [good])
    assert len(find(server, "PATIENT", PatientID="*")) == 1


def test_refusals_do_not_fill_the_disk(server: Isocenter) -> None:
    with server.storage_peer(storage_contexts([good])) as peer:
        for _ in range(50):
            assert peer.store(good.with_bytes(good.encoded[:-10]), 1) != 0x0000
    left = [path for path in (server.data / "incoming").rglob("*") if path.is_file() and path.stat().st_size]
    assert left == []


def test_an_operation_that_is_not_of_the_sop_class_is_refused(server: Isocenter) -> None:
    """Else whoever may ask may also store: QUERY-RETRIEVE-SCP offers no class that is stored."""
    held = store_well(server, [dd.generate(number=1)])
    identifier = dd.identifier("STUDY", dd.EXPLICIT, StudyInstanceUID=held[0].data_set.StudyInstanceUID)
    with server.query_peer(contexts((dd.STUDY_FIND, [dd.EXPLICIT]), (VERIFICATION, [dd.EXPLICIT]), (dd.STUDY_MOVE, [dd.EXPLICIT]))) as peer:
        for context, sop_class in [(1, dd.STUDY_FIND), (3, VERIFICATION)]:
            stray = saying(dd.generate(number=2), SOPClassUID=sop_class)
            assert peer.store_response(sop_class, stray.sop_instance, stray.encoded, context).status == UNRECOGNIZED_OPERATION
        for context, sop_class, field in [(1, dd.STUDY_FIND, C_MOVE_RQ), (1, dd.STUDY_FIND, C_GET_RQ), (5, dd.STUDY_MOVE, C_FIND_RQ)]:
            command = command_set(affected_sop_class=sop_class, command_field=field, message_id=9, priority=0, data_set_type=1, move_destination="NOBODY")
            peer.send_message(context, command, identifier)
            answer = peer.read_message().command
            assert (answer.command_field, answer.status) == (field | 0x8000, UNRECOGNIZED_OPERATION)
        assert peer.echo() == 0x0000
        peer.release()
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]))) as peer:
        peer.send_message(1, command_set(affected_sop_class=dd.CT, command_field=C_ECHO_RQ, message_id=1, data_set_type=NO_DATA_SET))
        assert peer.read_message().command.status == UNRECOGNIZED_OPERATION
        peer.release()
    assert len(server.vault_files()) == 1
    assert_held(server, held)
