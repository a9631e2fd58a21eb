"""What is exported, held against the modules of its IOD by dciodvfy: no conversion makes an error that was not there."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import dicom_data as dd
from dicom_data import Instance
from exchanges import store_well
from raw_peer import Proposed, RawDestination
from server import Isocenter
from test_export_conversion import COLUMNS, ROWS, color, image, move, takes

# What the modules of the classes below require beside what `image` has: without it every instance had errors of its own.
WELL = {
    "Manufacturer": "Generated", "Laterality": "", "PatientOrientation": "", "ConversionType": "WSD", "ContentDate": "20260102",
    "ContentTime": "093000",
}
CT = {
    "sop_class": dd.CT, "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "KVP": "120", "AcquisitionNumber": "1", "RescaleIntercept": "-1024",
    "RescaleSlope": "1", "RescaleType": "HU", "ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [1, 1], "SliceThickness": "1", "FrameOfReferenceUID": dd.uid(9, 9), "PositionReferenceIndicator": "",
    "PatientPosition": "HFS", "Modality": "CT", "PatientOrientation": None, "ConversionType": None,
    "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0,
}
SC = {"sop_class": dd.SC, "Modality": "OT"}
US = {"sop_class": dd.US, "ConversionType": None}
US_RETIRED = {**US, "sop_class": dd.US_RETIRED, "Manufacturer": None, "PatientOrientation": None}
FRAMES = {"NumberOfFrames": "1", "FrameTime": "40", "FrameIncrementPointer": 0x00181063}


def well(make: Callable[..., Instance], of_class: dict[str, object], **more: object) -> Instance:
    """An instance with what its class requires."""
    values = {**WELL, **of_class, **more}
    removed = [keyword for keyword, value in values.items() if value is None]
    instance = make(**{keyword: value for keyword, value in values.items() if value is not None})
    ds = instance.data_set
    for keyword in removed:
        if keyword in ds:
            del ds[keyword]
    return Instance(ds, instance.transfer_syntax, dd.encode(ds, instance.transfer_syntax))


def words() -> bytes:
    """A frame of 12 bits in words."""
    return b"".join((100 + 3 * at % 3000).to_bytes(2, "little") for at in range(ROWS * COLUMNS))


def palette() -> dict[str, object]:
    """What makes an image one of a palette of 8 bits."""
    values: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for channel, step in (("Red", 1), ("Green", 2), ("Blue", 3)):
        values[f"{channel}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        table = b"".join((step * at & 0xFF).to_bytes(1, "little") * 2 for at in range(256))
        values[f"{channel}PaletteColorLookupTableData"] = table
    return values


@dataclass(frozen=True)
class Conversion:
    """What is held, what the destination takes, how the peer is configured, and what is corrected before."""

    held: Instance
    takes: Callable[[Proposed], bool] = field(default=lambda _: True)
    peer: dict[str, object] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()
    # What errors may say that were not there before, and why. Each has to come.
    may_make: tuple[str, ...] = ()


# docs/decisions/0005-conversion.md, Price: `photometric-interpretation = "rgb"` makes images of CT that no IOD describes.
CT_OF_COLOURS = (
    "<RGB> for value 1 of attribute <Photometric Interpretation>", "<0x3> for value 1 of attribute <Samples per Pixel>",
    "<0x8> for value 1 of attribute <Bits Allocated>", "<0x8> for value 1 of attribute <Bits Stored>",
    "<0x7> for value 1 of attribute <High Bit>", "Element=<RescaleIntercept> Module=<CTImage>", "Element=<RescaleSlope> Module=<CTImage>",
)
# dciodvfy knows no retired classes, which are a destination's wish.
RETIRED = ("Information Object Not found",)


def to(sop_class: str, syntax: str) -> Callable[[Proposed], bool]:
    return takes((sop_class, syntax))


JPEG = {"lossy-compression": "when-needed"}
CONVERSIONS = {
    "as held": Conversion(well(image, SC)),
    "big endian to implicit": Conversion(well(image, SC, transfer_syntax=dd.BIG_ENDIAN), to(dd.SC, dd.IMPLICIT)),
    "explicit to implicit": Conversion(well(image, CT, pixels=words()), to(dd.CT, dd.IMPLICIT)),
    "implicit to explicit": Conversion(well(image, CT, pixels=words(), transfer_syntax=dd.IMPLICIT), to(dd.CT, dd.EXPLICIT)),
    "deflated to explicit": Conversion(well(image, SC, transfer_syntax=dd.DEFLATED), to(dd.SC, dd.EXPLICIT)),
    "RLE to explicit": Conversion(well(image, US, transfer_syntax=dd.RLE), to(dd.US, dd.EXPLICIT)),
    "grey to JPEG": Conversion(well(image, US), to(dd.US, dd.JPEG_BASELINE), JPEG),
    "colour to JPEG": Conversion(well(color, US), to(dd.US, dd.JPEG_BASELINE), JPEG),
    "12 bits to RGB": Conversion(
        well(image, SC, pixels=words(), BitsAllocated=16, BitsStored=12, HighBit=11, PixelRepresentation=0), peer={"photometric-interpretation": "rgb"}
    ),
    "retired ultrasound to current": Conversion(well(image, US_RETIRED), lambda one: one.abstract_syntax == dd.US),
    "current ultrasound to retired": Conversion(well(image, US), lambda one: one.abstract_syntax == dd.US_RETIRED, may_make=RETIRED),
    "retired multi-frame ultrasound to current": Conversion(
        well(image, {**US_RETIRED, "sop_class": dd.US_MULTI_FRAME_RETIRED}, **FRAMES), lambda one: one.abstract_syntax == dd.US_MULTI_FRAME
    ),
    "colour to MONOCHROME2": Conversion(well(color, SC), peer={"photometric-interpretation": "monochrome2"}),
    "MONOCHROME1 to MONOCHROME2": Conversion(
        well(image, SC, PhotometricInterpretation="MONOCHROME1", WindowCenter="90", WindowWidth="80"), peer={"photometric-interpretation": "monochrome2"}
    ),
    "grey to RGB": Conversion(well(image, SC), peer={"photometric-interpretation": "rgb"}),
    "a palette to RGB": Conversion(well(image, US, **palette()), peer={"photometric-interpretation": "rgb"}),
    "CT to RGB": Conversion(well(image, CT, pixels=words()), peer={"photometric-interpretation": "rgb"}, may_make=CT_OF_COLOURS),
    "a window": Conversion(well(image, SC), peer={"window-center": "127.5", "window-width": "255"}),
    "corrected values": Conversion(well(image, CT, pixels=words()), corrected=("PatientName=Doe^Jane", "PatientBirthDate=19700101", "PatientSex=")),
    "corrected values in another character set": Conversion(well(image, SC), to(dd.SC, dd.IMPLICIT), corrected=("PatientName=Wang^XiaoDong=王^小东",)),
}


def errors(instance: Instance, path: Path) -> set[str]:
    """The lines in which dciodvfy calls something of an instance an error."""
    if instance.transfer_syntax in dd.DEFLATING:
        # It cannot read that.
        instance = Instance(instance.data_set, dd.EXPLICIT, dd.encode(instance.data_set, dd.EXPLICIT))
    command = ["dciodvfy", str(instance.write(path))]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)
    return {line.strip() for line in (said.stdout + said.stderr).splitlines() if re.search(r"\bError - ", line)}


@pytest.fixture(autouse=True)
def dciodvfy() -> None:
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy is missing: install dicom3tools")


@pytest.mark.parametrize("name", CONVERSIONS)
def test_what_is_exported_has_no_error_that_it_did_not_come_with(make_server: Callable[..., Isocenter], tmp_path: Path, name: str) -> None:
    conversion = CONVERSIONS[name]
    before = errors(conversion.held, tmp_path / "before.dcm")
    with RawDestination(accept=conversion.takes) as destination:
        server = make_server({"peer": [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port, **conversion.peer}]})
        store_well(server, [conversion.held])
        patient = conversion.held.patient_id
        for value in conversion.corrected:
            assert server.run("correct", "patient", patient, "--set", value).returncode == 0
        assert move(server, conversion.held).command.status == 0x0000, server.log()
        ((message, syntax),) = destination.received
    exported = Instance(dd.decode(message.data_set, syntax), syntax, message.data_set)
    assert (exported.encoded == conversion.held.encoded) == (name == "as held")
    made = errors(exported, tmp_path / "after.dcm") - before
    assert {error for error in made if not any(may in error for may in conversion.may_make)} == set()
    assert {may for may in conversion.may_make if not any(may in error for error in made)} == set(), "an exception without need"


def test_errors_are_seen(tmp_path: Path) -> None:
    """What is held is without errors where dciodvfy knows the class, and dciodvfy finds what is left out."""
    known = {name: conversion.held for name, conversion in CONVERSIONS.items() if not name.startswith("retired")}
    assert {name: found for name, held in known.items() if (found := errors(held, tmp_path / "held.dcm"))} == {}
    assert any("Manufacturer" in error for error in errors(well(image, US, Manufacturer=None), tmp_path / "lacking.dcm"))
