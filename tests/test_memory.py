"""A large instance goes in and out in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import find
from raw_peer import P_DATA, RawDestination, contexts, pdu, pdvs
from server import Isocenter, private_bytes

MEGABYTE = 1 << 20
# 2 GB where there is time and room for it: ISOCENTER_TEST_LARGE=1.
SIZE = 2100 * MEGABYTE if os.environ.get("ISOCENTER_TEST_LARGE") else 200 * MEGABYTE
LIMIT = 64 * MEGABYTE


class Memory:
    """The most that any process had for itself at the moments that were looked at."""

    def __init__(self, server: Isocenter) -> None:
        self.server, self.most, self.looks = server, 0, 0

    def look(self) -> None:
        self.looks += 1
        self.most = max(self.most, *(private_bytes(pid) for pid in self.server.processes()))


@pytest.mark.timeout(900)
def test_a_large_multi_frame_instance_is_stored_and_moved_in_bounded_memory(make_server: Callable[..., Isocenter]) -> None:
    frame = bytes(range(256)) * (MEGABYTE // 256)
    frames = SIZE // MEGABYTE
    small = dd.generate(sop_class=dd.MULTI_FRAME_SC, modality="OT", pixel_bytes=32, NumberOfFrames=str(frames), Rows=1024, Columns=1024, BitsAllocated=8)
    assert small.encoded.endswith(bytes(small.data_set.PixelData))
    head = small.encoded[: -32 - 4] + SIZE.to_bytes(4, "little")
    sent, came = hashlib.sha256(head), hashlib.sha256()

    memory: Memory
    received = 0

    def on_bytes(piece: bytes) -> None:
        nonlocal received
        came.update(piece)
        if (received + len(piece)) // (32 * MEGABYTE) > received // (32 * MEGABYTE):
            memory.look()
        received += len(piece)

    with RawDestination(on_bytes=on_bytes) as destination:
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]})
        memory = Memory(server)
        peer = server.storage_peer(contexts((dd.MULTI_FRAME_SC, [dd.EXPLICIT])))
        peer.socket.settimeout(300)
        peer.send_message(1, peer.store_command(small.sop_class, small.sop_instance))

        def data_pdus(data: bytes, last: bool) -> bytes:
            largest = min(peer.peer_maximum or 131072, 131072) - 6
            found = pdvs(1, b"", data, largest)[1:]
            if not last:
                # Not the last fragment of the message yet.
                found[-1] = found[-1][:5] + b"\0" + found[-1][6:]
            return b"".join(pdu(P_DATA, one) for one in found)

        peer.send(data_pdus(head, last=False))
        for number in range(frames):
            sent.update(frame)
            peer.send(data_pdus(frame, last=number == frames - 1))
            if number % 32 == 16:
                memory.look()
        assert peer.read_message().command.status == 0x0000
        peer.release()
        memory.look()
        (found,) = find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID=small.study, NumberOfStudyRelatedInstances="")
        assert int(found.NumberOfStudyRelatedInstances) == 1

        asker = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
        asker.socket.settimeout(300)
        responses = asker.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=small.study), "VIEWER1")
        assert responses[-1].command.status == 0x0000
        asker.release()

    assert received == len(head) + SIZE
    assert came.digest() == sent.digest()
    assert memory.looks > 8
    assert memory.most < LIMIT, f"{memory.most / MEGABYTE:.1f} MB private in one process"


def test_many_pdus_of_the_smallest_size_cost_no_memory(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    memory = Memory(server)
    instance = dd.generate(pixel_bytes=200_000)
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]))) as peer:
        peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance), instance.encoded, fragment=2)
        assert peer.read_message().command.status == 0x0000
        memory.look()
    assert memory.most < LIMIT


def test_a_request_for_much_that_is_not_read_costs_no_memory(make_server: Callable[..., Isocenter]) -> None:
    """A peer that asks for everything and takes nothing: what waits for it is bounded."""
    server = make_server({"storage-scp": {"sync": "none"}})
    instances = [dd.generate(number=number, pixel_bytes=4_000_000) for number in range(1, 26)]
    with server.storage_peer(contexts((dd.CT, [dd.EXPLICIT]))) as peer:
        for instance in instances:
            assert peer.store(instance, 1) == 0x0000
    from exchanges import get_peer
    from raw_peer import C_STORE_RQ

    memory = Memory(server)
    peer = get_peer(server, dd.PATIENT_GET, [(dd.CT, dd.EXPLICIT)])
    peer.start_get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID=instances[0].patient_id))
    message = peer.read_message()
    if message.command.command_field != C_STORE_RQ:
        message = peer.read_message()
    assert message.command.command_field == C_STORE_RQ
    memory.look()
    peer.abort()
    assert memory.most < LIMIT
