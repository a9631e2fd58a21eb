"""Compressed images that claim what they are not, converted on their way out.

Each has the right to fail; none has the right to more memory than a real image takes, or to anybody else's time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from pydicom.encaps import encapsulate

import dicom_data as dd
from dicom_data import Instance
from exchanges import get_peer, store_well
from raw_peer import C_STORE_RQ, VERIFICATION, Command, RawPeer, contexts, store_rsp
from server import Isocenter
from test_bounds import peak
from test_export_conversion import image

JPEG_LOSSLESS, JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"
MEGABYTE = 1 << 20
# What decoding an even image of `SIDE` x `SIDE` samples takes, at 4 bytes a sample several times over, and not twice that.
LIMIT = 1024 * MEGABYTE
SIDE = 8000


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">HH", marker, len(body) + 2) + body


def jpeg_2000(side: int = SIDE, tile: int | None = None, layers: int = 1, levels: int = 0, block: int = 4, precinct: int | None = None, in_tile: bool = False, tiles_of: int = 1) -> bytes:
    """A code stream of one component that says what it likes, and has next to no data (ISO 15444-1 annex A)."""
    tile = tile or side
    size = struct.pack(">HLLLLLLLLH", 0, side, side, 0, 0, tile, tile, 0, 0, 1) + bytes([7, 1, 1])

    def style(layers: int) -> bytes:
        precincts = b"" if precinct is None else bytes([precinct | precinct << 4] * (levels + 1))
        return segment(0xFF52, struct.pack(">BBHB", precinct is not None, 0, layers, 0) + bytes([levels, block, block, 0, 1]) + precincts)

    quantization = segment(0xFF5C, bytes([0x40] + [0x40] * (3 * levels + 1)))
    more = style(layers) if in_tile else b""
    part = struct.pack(">HHHLBB", 0xFF90, 10, 0, 12 + len(more) + 2 + 8, 0, 1) + more + b"\xff\x93" + bytes(8)
    return b"\xff\x4f" + segment(0xFF51, size) + style(1 if in_tile else layers) + quantization + part + b"\xff\xd9"


def rle_bomb() -> bytes:
    """Runs of 128 bytes from two each, more than the claimed frame takes."""
    return struct.pack("<LL", 1, 64) + bytes(56) + b"\x81\x00" * 600_000


def jpeg_lossless(side: int) -> bytes:
    """A header of JPEG lossless, and no data (ISO 10918-1 annex B)."""
    tables = segment(0xFFC4, bytes([0, 1] + [0] * 15 + [0]))
    frame = segment(0xFFC3, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0]))
    return b"\xff\xd8" + tables + frame + segment(0xFFDA, bytes([1, 1, 0, 1, 0, 0])) + bytes(64) + b"\xff\xd9"


HOSTILE: dict[str, tuple[str, bytes, int]] = {
    "JPEG 2000, an even image": (JPEG_2000_LOSSLESS, jpeg_2000(), SIDE),
    "JPEG 2000 of 65,535 layers": (JPEG_2000_LOSSLESS, jpeg_2000(layers=65_535), SIDE),
    "JPEG 2000 of 65,535 layers, said in a tile": (JPEG_2000_LOSSLESS, jpeg_2000(layers=65_535, in_tile=True), SIDE),
    "JPEG 2000 of the smallest blocks": (JPEG_2000_LOSSLESS, jpeg_2000(block=0), SIDE),
    "JPEG 2000 of precincts of one sample": (JPEG_2000_LOSSLESS, jpeg_2000(precinct=0), SIDE),
    "JPEG 2000 of tiles of one sample": (JPEG_2000_LOSSLESS, jpeg_2000(tile=1), SIDE),
    "JPEG 2000 of more than its attributes say": (JPEG_2000_LOSSLESS, jpeg_2000(side=1 << 30), SIDE),
    "JPEG 2000 of 60,000 by 60,000": (JPEG_2000_LOSSLESS, jpeg_2000(side=60_000), 60_000),
    "RLE of more than its attributes say": (dd.RLE, rle_bomb(), 64),
    "RLE of 60,000 by 60,000": (dd.RLE, rle_bomb(), 60_000),
    "JPEG lossless of 60,000 by 60,000": (JPEG_LOSSLESS, jpeg_lossless(60_000), 60_000),
    "JPEG lossless without data": (JPEG_LOSSLESS, jpeg_lossless(SIDE), SIDE),
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", b"\xff\xd8\xff\xf7" + bytes(64), 60_000),
}


def hostile(name: str) -> Instance:
    syntax, frame, side = HOSTILE[name]
    data_set = image(sop_class=dd.SC, Rows=side, Columns=side).data_set
    data_set.PixelData = encapsulate([frame])
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    return Instance(data_set, syntax, dd.encode(data_set, syntax))


def answered(peer: RawPeer) -> tuple[set[str], Command]:
    """The instances that a C-GET brings, each of which is taken, and its last response."""
    came: set[str] = set()
    while (message := peer.read_message()).command.command_field == C_STORE_RQ or message.command.status == 0xFF00:
        if message.command.command_field == C_STORE_RQ:
            came.add(message.command.affected_sop_instance)
            peer.send_message(message.context, store_rsp(message.command, 0x0000))
    return came, message.command


@pytest.mark.parametrize("name", HOSTILE)
def test_what_an_image_claims_is_not_what_it_costs(make_server: Callable[..., Isocenter], name: str) -> None:
    server = make_server()
    store_well(server, [hostile(name), image(2, sop_class=dd.SC)])
    with server.storage_peer(contexts((VERIFICATION, [dd.IMPLICIT])), "ANOTHER") as another:
        with get_peer(server, dd.PATIENT_GET, [(dd.SC, dd.EXPLICIT)]) as peer:
            peer.start_get(dd.PATIENT_GET, dd.identifier("PATIENT", PatientID=image().patient_id))
            # Others are served while it is worked at.
            assert another.echo() == 0x0000
            stored, last = answered(peer)
            assert peak(server) < LIMIT
            peer.release()
        # The other one came; this one is counted as failed, unless it is an even image.
        assert image(2, sop_class=dd.SC).sop_instance in stored
        assert (last.status, last.completed, last.get("failed", 0)) in [(0xB000, 1, 1), (0x0000, 2, 0)], last
        assert another.echo() == 0x0000
