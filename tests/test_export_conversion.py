"""Instances made into what a destination takes: transfer syntax, ultrasound class, photometric interpretation, window."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_returned, get, store_well
from raw_peer import Message, Proposed, RawDestination, contexts
from server import Isocenter, Settings, free_ports, wait_until

ROWS, COLUMNS = 32, 48
JPEG_LS = "1.2.840.10008.1.2.4.80"


def rle(frame: bytes) -> bytes:
    """A frame of one segment (PS3.5 G), all of it literal."""
    literals = b"".join(bytes([len(frame[at : at + 128]) - 1]) + frame[at : at + 128] for at in range(0, len(frame), 128))
    header = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56)
    return header + literals + bytes([128]) * (len(literals) % 2)


def gray(number: int = 1) -> bytes:
    """A smooth frame of bytes."""
    return bytes((40 + number + row * 2 + column) & 0xFF for row in range(ROWS) for column in range(COLUMNS))


def image(number: int = 1, sop_class: str = dd.US, transfer_syntax: str = dd.EXPLICIT, pixels: bytes | None = None, **values: object) -> Instance:
    """An image of 8 bits whose pixel data can be decoded."""
    pixels = gray(number) if pixels is None else pixels
    of_image = {"SamplesPerPixel": 1, "Rows": ROWS, "Columns": COLUMNS, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "ImageType": ["ORIGINAL", "PRIMARY"]}
    plain = dd.generate(number=number, sop_class=sop_class, modality="US", transfer_syntax=dd.EXPLICIT, **{**of_image, **values})
    ds = plain.data_set
    ds.PixelData = pixels
    ds["PixelData"].VR = "OW"
    if transfer_syntax == dd.BIG_ENDIAN:
        # Words; pydicom writes their bytes as they are.
        ds.PixelData = b"".join(pixels[at : at + 2][::-1] for at in range(0, len(pixels), 2))
        ds["PixelData"].VR = "OW"
    if dd.encapsulates(transfer_syntax):
        ds.PixelData = encapsulate([rle(pixels) if transfer_syntax == dd.RLE else pixels])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    dd.add_private_elements(ds)
    return Instance(ds, transfer_syntax, dd.encode(ds, transfer_syntax))


def color(number: int = 1, **more: object) -> Instance:
    pixels = b"".join(bytes([value, 255 - value, value // 2]) for value in gray(number))
    return image(number, pixels=pixels, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, **more)


def takes(*pairs: tuple[str, str]) -> Callable[[Proposed], bool]:
    """A destination that accepts these contexts alone."""
    return lambda one: (one.abstract_syntax, one.transfer_syntaxes[0]) in pairs


def server_for(make_server: Callable[..., Isocenter], port: int, instances: list[Instance], peer: Settings | None = None, **settings: object) -> Isocenter:
    server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": port, **(peer or {})}], **settings})
    store_well(server, instances)
    return server


def move(server: Isocenter, instance: Instance) -> Message:
    """Moves all of the instance's patient; the last response."""
    peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])))
    last = peer.move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instance.patient_id), "VIEWER1")[-1]
    peer.release()
    return last


def sent(make_server: Callable[..., Isocenter], instance: Instance, accept: Callable[[Proposed], bool], peer: Settings | None = None, **settings: object) -> tuple[Dataset, str]:
    """What a destination gets of one instance: the data set, whose UIDs agree with the command's, and the syntax."""
    with RawDestination(accept=accept) as destination:
        server = server_for(make_server, destination.port, [instance], peer, **settings)
        last = move(server, instance)
        assert (last.command.status, last.command.completed) == (0x0000, 1), (last.command, server.log())
        ((message, syntax),) = destination.received
    ds = dd.decode(message.data_set, syntax)
    assert (message.command.affected_sop_class, message.command.affected_sop_instance) == (str(ds.SOPClassUID), str(ds.SOPInstanceUID))
    return ds, syntax


def unlike(one: Dataset, other: Dataset) -> set[str]:
    """The attributes in which two data sets differ, by keyword or tag."""
    tags = set(one.keys()) | set(other.keys())
    return {one[tag].keyword or str(tag) if tag in one else other[tag].keyword or str(tag) for tag in tags if tag not in one or tag not in other or one[tag].value != other[tag].value}


# --- Transfer syntaxes -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("SCU-024", "SIL-070")
@pytest.mark.parametrize("held", [dd.IMPLICIT, dd.EXPLICIT, dd.BIG_ENDIAN, dd.DEFLATED, dd.RLE])
@pytest.mark.parametrize("taken", [dd.IMPLICIT, dd.EXPLICIT])
def test_scu_004_uncompressed_for_a_destination_that_takes_nothing_else(make_server: Callable[..., Isocenter], held: str, taken: str) -> None:
    instance = image(sop_class=dd.SC, transfer_syntax=held)
    got, syntax = sent(make_server, instance, takes((dd.SC, taken)))
    assert syntax == taken
    original = image(sop_class=dd.SC).data_set
    if taken == dd.IMPLICIT:
        # The value representations of private elements are gone (PS3.5 6.2.2), their bytes are not.
        assert dd.encode(got, dd.IMPLICIT) == dd.encode(original, dd.IMPLICIT)
    else:
        assert unlike(got, dd.decode(instance.encoded, held)) <= {"PixelData"}
        assert got.PixelData == gray()


def test_sil_065_what_can_go_as_it_is_held_does_byte_for_byte(make_server: Callable[..., Isocenter]) -> None:
    instances = [image(number, transfer_syntax=syntax) for number, syntax in enumerate([dd.RLE, dd.IMPLICIT, dd.EXPLICIT], 1)]
    with RawDestination() as destination:
        server = server_for(make_server, destination.port, instances)
        assert move(server, instances[0]).command.status == 0x0000
        assert_returned(instances, [message for message, _ in destination.received])
        assert {syntax for _, syntax in destination.received} == {dd.RLE, dd.IMPLICIT, dd.EXPLICIT}


def test_scu_004_storescp_of_dcmtk_that_takes_implicit_vr_alone(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    if not shutil.which("storescp"):
        pytest.fail("storescp is missing: install DCMTK")
    instances = [image(number, sop_class=dd.SC, transfer_syntax=syntax) for number, syntax in enumerate([dd.EXPLICIT, dd.BIG_ENDIAN, dd.DEFLATED, dd.RLE], 1)]
    (port,) = free_ports(1)
    server = server_for(make_server, port, instances)
    got = tmp_path / "got"
    got.mkdir()
    storescp = subprocess.Popen(["storescp", "+xi", "+B", "-od", str(got), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: subprocess.run(["echoscu", "127.0.0.1", str(port)], capture_output=True, check=False).returncode == 0, "storescp")
        last = move(server, instances[0])
        assert (last.command.status, last.command.completed) == (0x0000, 4), server.log()
    finally:
        storescp.kill()
        storescp.wait()
    files = [dcmread(path) for path in sorted(got.iterdir())]
    assert {str(one.file_meta.TransferSyntaxUID) for one in files} == {dd.IMPLICIT}
    assert {str(one.SOPInstanceUID): one.PixelData for one in files} == {one.sop_instance: gray(number) for number, one in enumerate(instances, 1)}


def test_sil_001_sil_065_c_get_brings_what_the_requestor_takes(make_server: Callable[..., Isocenter]) -> None:
    instance = image(transfer_syntax=dd.RLE)
    server = server_for(make_server, 1, [instance])
    (message,), responses = get(server, "PATIENT", storage=[(dd.US, dd.IMPLICIT)], PatientID=instance.patient_id)
    assert responses[-1].command.status == 0x0000
    assert dd.decode(message.data_set, dd.IMPLICIT).PixelData == gray()


def test_sil_065_what_cannot_be_converted_fails_and_the_log_says_why(make_server: Callable[..., Isocenter]) -> None:
    # No decoder for the first, none that can be decoded in the second.
    instances = [image(1, transfer_syntax=JPEG_LS), dd.generate(number=2, sop_class=dd.US, transfer_syntax=dd.RLE), image(3)]
    with RawDestination(accept=takes((dd.US, dd.EXPLICIT))) as destination:
        server = server_for(make_server, destination.port, instances)
        last = move(server, instances[0])
        assert (last.command.status, last.command.completed, last.command.failed) == (0xB000, 1, 2)
        assert_returned([instances[2]], [message for message, _ in destination.received])
        server.wait_for_log("the peer accepts no .*JPEG-LS")
        server.wait_for_log("RLE Lossless, and it was not converted: .*frame")


@pytest.mark.requirement("CFG-030", "SCU-003")
def test_scu_021_the_transfer_syntaxes_that_are_proposed_can_be_chosen(make_server: Callable[..., Isocenter]) -> None:
    got, syntax = sent(make_server, image(sop_class=dd.SC), lambda _: True, {"transfer-syntaxes": [dd.IMPLICIT]})
    assert (syntax, got.PixelData) == (dd.IMPLICIT, gray())


@pytest.mark.requirement("CFG-030")
def test_scu_007_classes_can_be_left_out(make_server: Callable[..., Isocenter]) -> None:
    instances = [image(1, sop_class=dd.SC), image(2, sop_class=dd.MR)]
    with RawDestination() as destination:
        server = server_for(make_server, destination.port, instances, **{"storage-scu": {"sop-classes-removed": [dd.SC]}})
        last = move(server, instances[0])
        assert (last.command.completed, last.command.failed) == (1, 1)
        assert {one.abstract_syntax for one in destination.proposals[0]} == {dd.MR}


# --- Lossy compression -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("SCU-025", "SCU-004")
@pytest.mark.parametrize("instance", [image(), color(), image(transfer_syntax=dd.RLE)], ids=["grey", "colour", "RLE"])
def test_iod_033_jpeg_baseline_where_nothing_else_is_taken(make_server: Callable[..., Isocenter], tmp_path: Path, instance: Instance) -> None:
    with RawDestination(accept=takes((dd.US, dd.JPEG_BASELINE))) as destination:
        server = server_for(make_server, destination.port, [instance], {"lossy-compression": "when-needed"})
        for _ in range(2):
            assert move(server, instance).command.status == 0x0000, server.log()
        (one, syntax), (again, _) = destination.received
    # Another instance, but the same one each time.
    assert one.data_set == again.data_set
    got = dd.decode(one.data_set, syntax)
    assert syntax == dd.JPEG_BASELINE
    assert got.SOPInstanceUID == one.command.affected_sop_instance != instance.sop_instance
    assert got.SeriesInstanceUID == instance.series
    assert (got.LossyImageCompression, got.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert got.ImageType[0] == "DERIVED"
    assert got.SourceImageSequence[0].ReferencedSOPInstanceUID == instance.sop_instance
    assert got.PhotometricInterpretation == ("YBR_FULL_422" if got.SamplesPerPixel == 3 else "MONOCHROME2")
    assert len(list(generate_frames(got.PixelData, number_of_frames=1))) == 1
    # DCMTK decodes it, and what it sees is what was sent.
    dd.Instance(got, syntax, one.data_set).write(tmp_path / "jpeg.dcm")
    subprocess.run(["dcmdjpeg", str(tmp_path / "jpeg.dcm"), str(tmp_path / "plain.dcm")], check=True)
    original = color().data_set.PixelData if got.SamplesPerPixel == 3 else gray()
    decoded = dcmread(tmp_path / "plain.dcm").PixelData
    squares = sum((a - b) ** 2 for a, b in zip(decoded, original, strict=True)) / len(original)
    assert squares < 100, f"{squares} mean square error"


def test_iod_033_nothing_is_lost_unless_it_is_allowed(make_server: Callable[..., Isocenter]) -> None:
    instance = image()
    with RawDestination(accept=takes((dd.US, dd.JPEG_BASELINE))) as destination:
        server = server_for(make_server, destination.port, [instance])
        assert move(server, instance).command.failed == 1
        assert dd.JPEG_BASELINE not in {syntax for one in destination.proposals[0] for syntax in one.transfer_syntaxes}


def test_scu_004_compression_can_be_preferred(make_server: Callable[..., Isocenter]) -> None:
    got, syntax = sent(make_server, image(), lambda _: True, {"lossy-compression": "preferred", "jpeg-quality": 60})
    assert (syntax, got.LossyImageCompression) == (dd.JPEG_BASELINE, "01")


# --- Ultrasound classes ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("CFG-029")
@pytest.mark.parametrize(("held", "taken"), [(dd.US_RETIRED, dd.US), (dd.US, dd.US_RETIRED), (dd.US_MULTI_FRAME_RETIRED, dd.US_MULTI_FRAME), (dd.US_MULTI_FRAME, dd.US_MULTI_FRAME_RETIRED)])
def test_scu_006_ultrasound_goes_as_the_class_that_is_taken(make_server: Callable[..., Isocenter], held: str, taken: str) -> None:
    frames = {"NumberOfFrames": "1", "FrameTime": "40", "FrameIncrementPointer": 0x00181063} if held in (dd.US_MULTI_FRAME, dd.US_MULTI_FRAME_RETIRED) else {}
    instance = image(sop_class=held, **frames)
    got, syntax = sent(make_server, instance, lambda one: one.abstract_syntax == taken)
    assert syntax == dd.EXPLICIT
    # The current classes require some attributes, with a value or without (type 2).
    added = {tag.keyword for tag in got if tag.keyword not in instance.data_set and tag.is_empty and not tag.tag.is_private}
    assert added == ({"Manufacturer", "PatientOrientation"} if taken in (dd.US, dd.US_MULTI_FRAME) else set())
    assert unlike(got, instance.data_set) == {"SOPClassUID"} | added
    assert got.SOPInstanceUID == instance.sop_instance


def test_scu_006_the_own_class_if_it_is_taken(make_server: Callable[..., Isocenter]) -> None:
    instance = image(sop_class=dd.US_RETIRED)
    with RawDestination() as destination:
        server = server_for(make_server, destination.port, [instance])
        assert move(server, instance).command.status == 0x0000
        assert_returned([instance], [message for message, _ in destination.received])


@pytest.mark.requirement("CFG-029")
def test_scu_006_not_at_all_where_that_is_set(make_server: Callable[..., Isocenter]) -> None:
    instance = image(sop_class=dd.US_RETIRED)
    with RawDestination(accept=lambda one: one.abstract_syntax == dd.US) as destination:
        server = server_for(make_server, destination.port, [instance], {"ultrasound-classes": "as-held"})
        assert move(server, instance).command.failed == 1
        assert {one.abstract_syntax for one in destination.proposals[0]} == {dd.US_RETIRED}


# --- Photometric interpretation and window ---------------------------------------------------------------------------


@pytest.mark.requirement("CFG-032", "SCU-025")
def test_iod_030_colours_become_monochrome2_in_another_instance(make_server: Callable[..., Isocenter]) -> None:
    instance = color()
    got, _ = sent(make_server, instance, lambda _: True, {"photometric-interpretation": "monochrome2"})
    assert (got.PhotometricInterpretation, got.SamplesPerPixel) == ("MONOCHROME2", 1)
    assert "PlanarConfiguration" not in got
    expected = bytes(round(0.299 * value + 0.587 * (255 - value) + 0.114 * (value // 2)) for value in gray())
    assert max(abs(a - b) for a, b in zip(got.PixelData, expected, strict=True)) <= 1
    assert got.SOPInstanceUID != instance.sop_instance
    assert got.SourceImageSequence[0].ReferencedSOPInstanceUID == instance.sop_instance


@pytest.mark.requirement("CFG-032")
def test_iod_030_grey_becomes_rgb_and_stays_the_same_instance(make_server: Callable[..., Isocenter]) -> None:
    instance = image(PhotometricInterpretation="MONOCHROME1")
    got, _ = sent(make_server, instance, lambda _: True, {"photometric-interpretation": "rgb"})
    assert (got.PhotometricInterpretation, got.SamplesPerPixel, got.PlanarConfiguration) == ("RGB", 3, 0)
    assert got.PixelData == b"".join(bytes([255 - value]) * 3 for value in gray())
    assert got.SOPInstanceUID == instance.sop_instance


def test_iod_030_what_is_that_already_is_not_touched(make_server: Callable[..., Isocenter]) -> None:
    instance = image()
    with RawDestination() as destination:
        server = server_for(make_server, destination.port, [instance], {"photometric-interpretation": "monochrome2"})
        assert move(server, instance).command.status == 0x0000
        assert_returned([instance], [message for message, _ in destination.received])


@pytest.mark.requirement("CFG-033", "IOD-032", "SCU-025")
def test_iod_031_a_window_where_there_is_none(make_server: Callable[..., Isocenter]) -> None:
    window = {"window-center": 127.5, "window-width": "255"}
    got, _ = sent(make_server, image(), lambda _: True, {**window, "window-center": "127.5"})
    assert (got.WindowCenter, got.WindowWidth) == (127.5, 255)
    assert unlike(got, image().data_set) == {"WindowCenter", "WindowWidth"}
    own = image(2, WindowCenter="40", WindowWidth="80")
    with RawDestination() as destination:
        server = server_for(make_server, destination.port, [own], {**window, "window-center": "127.5"})
        assert move(server, own).command.status == 0x0000
        assert_returned([own], [message for message, _ in destination.received])


# --- Presets ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("PC-002", "PC-003", "PC-007", "SCU-019")
def test_scu_005_annex_f_proposes_the_syntaxes_of_its_table(make_server: Callable[..., Isocenter]) -> None:
    instances = [image(1, sop_class=dd.US), image(2, sop_class=dd.CT)]
    with RawDestination() as destination:
        server = server_for(make_server, destination.port, instances, preset="annex-f")
        assert move(server, instances[0]).command.status == 0x0000
        proposed = [(one.abstract_syntax, one.transfer_syntaxes) for one in destination.proposals[0]]
    jpeg = [(one, (syntax,)) for one in (dd.US_RETIRED, dd.US) for syntax in (dd.EXPLICIT, dd.IMPLICIT, dd.JPEG_BASELINE)]
    assert sorted(proposed) == sorted(jpeg + [(dd.CT, (dd.EXPLICIT,)), (dd.CT, (dd.IMPLICIT,))])


def test_scu_004_annex_f_compresses_where_nothing_else_is_taken(make_server: Callable[..., Isocenter]) -> None:
    got, syntax = sent(make_server, image(), takes((dd.US, dd.JPEG_BASELINE)), preset="annex-f")
    assert (syntax, got.LossyImageCompression) == (dd.JPEG_BASELINE, "01")
