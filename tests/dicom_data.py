"""Instances to test with, made with pydicom: nothing here comes from a patient.

An `Instance` keeps the bytes of its data set as they were encoded once; tests send these bytes and compare what comes
back with these bytes.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset, Sequence, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag
from pydicom._uid_dict import UID_dictionary

ROOT = "1.2.826.0.1.3680043.8.498.2026"

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
RLE = "1.2.840.10008.1.2.5"
PAPYRUS = "1.2.840.10008.1.20"
DEFLATING = {DEFLATED, "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"}
REFERENCED = {"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"}

# Transfer syntaxes of PS3.6 that encode no data set of an instance sent over an association: MIME encapsulation and
# XML (PS3.10), and the real-time video of PS3.22.
_NOT_NEGOTIATED = ("1.2.840.10008.1.2.6.", "1.2.840.10008.1.2.7.")


# Newer than pydicom's table: JPEG XL, and deflated image frames.
_LATER = ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.8.1")


def transfer_syntaxes() -> list[str]:
    """Every transfer syntax of PS3.6 that an association can agree on."""
    table = {uid for uid, (_, kind, *_rest) in UID_dictionary.items() if kind == "Transfer Syntax"}
    return sorted(uid for uid in table | set(_LATER) if not uid.startswith(_NOT_NEGOTIATED))


CR = "1.2.840.10008.5.1.4.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
US_MULTI_FRAME_RETIRED = "1.2.840.10008.5.1.4.1.1.3"
US_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"
MR = "1.2.840.10008.5.1.4.1.1.4"
NM_RETIRED = "1.2.840.10008.5.1.4.1.1.5"
US_RETIRED = "1.2.840.10008.5.1.4.1.1.6"
US = "1.2.840.10008.5.1.4.1.1.6.1"
SC = "1.2.840.10008.5.1.4.1.1.7"
VL_ENDOSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.1"
VIDEO_ENDOSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
MULTI_FRAME_SC = "1.2.840.10008.5.1.4.1.1.7.2"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"
BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"

ANNEX_F_CLASSES = [US_RETIRED, US, US_MULTI_FRAME_RETIRED, US_MULTI_FRAME, CR, CT, MR, SC]

PATIENT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
PATIENT_STUDY_ONLY_FIND = "1.2.840.10008.5.1.4.1.2.3.1"
PATIENT_STUDY_ONLY_MOVE = "1.2.840.10008.5.1.4.1.2.3.2"
PATIENT_STUDY_ONLY_GET = "1.2.840.10008.5.1.4.1.2.3.3"


# --- Encoding ------------------------------------------------------------------------------------------------------


def encode(data_set: Dataset, transfer_syntax: str = IMPLICIT) -> bytes:
    """The bytes of a data set in a transfer syntax."""
    out = DicomBytesIO()
    out.is_little_endian = transfer_syntax != BIG_ENDIAN
    out.is_implicit_VR = transfer_syntax in (IMPLICIT, PAPYRUS)
    write_dataset(out, data_set)
    encoded = out.getvalue()
    if transfer_syntax in DEFLATING:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        encoded = deflate.compress(encoded) + deflate.flush()
        encoded += b"\0" * (len(encoded) % 2)
    return encoded


def decode(encoded: bytes, transfer_syntax: str = IMPLICIT) -> Dataset:
    """The data set that some bytes hold."""
    if transfer_syntax in DEFLATING:
        encoded = zlib.decompress(encoded, wbits=-zlib.MAX_WBITS)
    implicit, little = transfer_syntax in (IMPLICIT, PAPYRUS), transfer_syntax != BIG_ENDIAN
    return read_dataset(io.BytesIO(encoded), implicit, little)


@dataclass(frozen=True)
class Instance:
    """A SOP instance: its data set, and the bytes of it in its transfer syntax."""

    data_set: Dataset
    transfer_syntax: str
    encoded: bytes

    @property
    def sop_class(self) -> str:
        return str(self.data_set.SOPClassUID)

    @property
    def sop_instance(self) -> str:
        return str(self.data_set.SOPInstanceUID)

    @property
    def study(self) -> str:
        return str(self.data_set.StudyInstanceUID)

    @property
    def series(self) -> str:
        return str(self.data_set.SeriesInstanceUID)

    @property
    def patient_id(self) -> str:
        return str(self.data_set.PatientID)

    def with_bytes(self, encoded: bytes) -> Instance:
        """The same instance said to be these bytes."""
        return replace(self, encoded=encoded)

    def file_bytes(self) -> bytes:
        """A Part 10 file (PS3.10 7) of the instance."""
        meta = FileMetaDataset()
        meta.FileMetaInformationVersion = b"\0\1"
        meta.MediaStorageSOPClassUID = self.sop_class
        meta.MediaStorageSOPInstanceUID = self.sop_instance
        meta.TransferSyntaxUID = self.transfer_syntax
        meta.ImplementationClassUID = f"{ROOT}.0"
        out = DicomBytesIO()
        out.is_little_endian, out.is_implicit_VR = True, False
        write_dataset(out, meta)
        group = out.getvalue()
        length = b"\x02\x00\x00\x00UL\x04\x00" + len(group).to_bytes(4, "little")
        return bytes(128) + b"DICM" + length + group + self.encoded

    def write(self, path: Path) -> Path:
        """Writes the Part 10 file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.file_bytes())
        return path


def data_set_of_file(path: Path) -> tuple[Dataset, bytes]:
    """The file meta information of a Part 10 file, and the bytes behind it."""
    whole = path.read_bytes()
    assert whole[128:132] == b"DICM", f"{path} has no DICM prefix"
    assert whole[132:140] == b"\x02\x00\x00\x00UL\x04\x00", f"{path} does not begin with the group length"
    length = int.from_bytes(whole[140:144], "little")
    meta = dcmread(io.BytesIO(whole), stop_before_pixels=True, force=True).file_meta
    return meta, whole[144 + length :]


# --- Generation ----------------------------------------------------------------------------------------------------


def uid(*numbers: int) -> str:
    """A UID under the tests' root."""
    return ".".join([ROOT, *map(str, numbers)])


def generate(
    *,
    number: int = 1,
    sop_class: str = CT,
    transfer_syntax: str = EXPLICIT,
    pixel_bytes: int = 512,
    patient: int = 1,
    study: int = 1,
    series: int = 1,
    modality: str = "CT",
    **values: object,
) -> Instance:
    """One instance. The numbers make its UIDs; `values` set or (as None) remove elements by keyword."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = uid(patient, study, series, number)
    ds.StudyDate = "20260102"
    ds.StudyTime = "093000"
    ds.AccessionNumber = f"A{patient:03}{study:03}"
    ds.Modality = modality
    ds.ReferringPhysicianName = "Refer^Rita"
    ds.StudyDescription = "Study description"
    ds.SeriesDescription = "Series description"
    ds.OperatorsName = "Operate^Olga"
    ds.PatientName = f"Generated^Patient{patient}"
    ds.PatientID = f"P{patient:04}"
    ds.PatientBirthDate = "19700131"
    ds.PatientSex = "O"
    ds.StudyInstanceUID = uid(patient, study)
    ds.SeriesInstanceUID = uid(patient, study, series)
    ds.StudyID = f"S{study}"
    ds.SeriesNumber = str(series)
    ds.InstanceNumber = str(number)
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = 16, min(max(pixel_bytes // 32, 1), 65535)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    _add_pixels(ds, transfer_syntax, pixel_bytes, number)
    for keyword, value in values.items():
        if value is None:
            del ds[keyword]
        else:
            setattr(ds, keyword, value)
    return Instance(ds, transfer_syntax, encode(ds, transfer_syntax))


def encapsulates(transfer_syntax: str) -> bool:
    """Whether pixel data stand in fragments (PS3.5 A.4)."""
    return transfer_syntax not in {IMPLICIT, EXPLICIT, BIG_ENDIAN, PAPYRUS} | DEFLATING | REFERENCED


def _add_pixels(ds: Dataset, transfer_syntax: str, pixel_bytes: int, seed: int) -> None:
    if transfer_syntax in REFERENCED:
        ds.PixelDataProviderURL = "http://127.0.0.1/jpip"
        return
    pixels = bytes((at * 7 + seed) & 0xFF for at in range(pixel_bytes))
    if encapsulates(transfer_syntax):
        # Fragments of arbitrary bytes: an archive has no business decoding them.
        ds.PixelData = encapsulate([pixels, pixels[:100], b"\xff\xd8\xff\xfe\xdd\xe0" * 9], has_bot=bool(seed % 2))
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    else:
        ds.PixelData = pixels
        ds["PixelData"].VR = "OW"


def add_private_elements(ds: Dataset) -> None:
    """A private block with values of several VRs, and a private sequence."""
    block = ds.private_block(0x0011, "ISOCENTER TESTS", create=True)
    block.add_new(0x01, "LO", "a private value")
    block.add_new(0x02, "OB", bytes(range(256)))
    block.add_new(0x03, "FD", [1.5, -2.25])
    inner = Dataset()
    inner.add_new(Tag(0x0011, 0x0010), "LO", "ISOCENTER TESTS")
    inner.add_new(Tag(0x0011, 0x1001), "LO", "inside")
    block.add_new(0x04, "SQ", Sequence([inner, Dataset()]))


def add_nested_sequences(ds: Dataset, depth: int) -> None:
    """Sequences in sequences, of defined and undefined length by turns."""
    inner = Dataset()
    inner.CodeValue = "deepest"
    for level in range(depth):
        outer = Dataset()
        element = DataElement("ConceptNameCodeSequence", "SQ", Sequence([inner, Dataset()]))
        element.is_undefined_length = bool(level % 2)
        outer.add(element)
        inner = outer
    ds.ContentSequence = Sequence([inner])


def rich(transfer_syntax: str, number: int = 1, **more: object) -> Instance:
    """An instance with private elements, nested sequences and long values besides the ordinary."""
    plain = generate(number=number, transfer_syntax=transfer_syntax, pixel_bytes=5000, **more)
    ds = plain.data_set
    add_private_elements(ds)
    add_nested_sequences(ds, 12)
    ds.add_new(Tag(0x0008, 0x0119), "UC", "a long code value " * 40)
    ds.add_new(Tag(0x0009, 0x1001), "UN", b"no creator, odd habits")
    return Instance(ds, transfer_syntax, encode(ds, transfer_syntax))


# --- Character sets (PS3.5 6.1) ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """A person's name in a character set: what it means, and the bytes that stand for it."""

    label: str
    specific_character_set: tuple[str, ...]
    text: str
    encoded: bytes


# The examples of PS3.5 annexes H, I, J and K, and others of the defined terms; the bytes are Python's own codecs' where
# one exists, so that they do not come from the code that pydicom shares with nobody.
CHARACTER_SETS = [
    Named("latin-1", ("ISO_IR 100",), "Buc^Jérôme", "Buc^Jérôme".encode("latin-1")),
    Named("latin-2", ("ISO_IR 101",), "Wałęsa^Łucja", "Wałęsa^Łucja".encode("iso8859-2")),
    Named("latin-3", ("ISO_IR 109",), "Ĉapek^Ĝoja", "Ĉapek^Ĝoja".encode("iso8859-3")),
    Named("latin-4", ("ISO_IR 110",), "Bērziņš^Ģirts", "Bērziņš^Ģirts".encode("iso8859-4")),
    Named("cyrillic", ("ISO_IR 144",), "Люкceмбypг^Анна", "Люкceмбypг^Анна".encode("iso8859-5")),
    Named("arabic", ("ISO_IR 127",), "قباني^لنزار", "قباني^لنزار".encode("iso8859-6")),
    Named("greek", ("ISO_IR 126",), "Διονυσιος^Ελενη", "Διονυσιος^Ελενη".encode("iso8859-7")),
    Named("hebrew", ("ISO_IR 138",), "שרון^דבורה", "שרון^דבורה".encode("iso8859-8")),
    Named("latin-5", ("ISO_IR 148",), "Çağlar^Işıl", "Çağlar^Işıl".encode("iso8859-9")),
    Named("latin-9", ("ISO_IR 203",), "Œuvre^Žofie", "Œuvre^Žofie".encode("iso8859-15")),
    Named("thai", ("ISO_IR 166",), "นามสกุล^ชื่อ", "นามสกุล^ชื่อ".encode("iso8859-11")),
    Named("katakana", ("ISO_IR 13",), "ﾔﾏﾀﾞ^ﾀﾛｳ", "ﾔﾏﾀﾞ^ﾀﾛｳ".encode("shift_jis")),
    Named("utf-8", ("ISO_IR 192",), "Wang^XiaoDong=王^小东", "Wang^XiaoDong=王^小东".encode()),
    Named("gb18030", ("GB18030",), "Wang^XiaoDong=王^小东", "Wang^XiaoDong=王^小东".encode("gb18030")),
    Named("gbk", ("GBK",), "Wang^Dong=王^小东", "Wang^Dong=王^小东".encode("gbk")),
    Named(
        "japanese",
        ("", "ISO 2022 IR 87"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    ),
    Named(
        "japanese with katakana",
        ("ISO 2022 IR 13", "ISO 2022 IR 87"),
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    ),
    Named(
        "korean",
        ("", "ISO 2022 IR 149"),
        "Hong^Gildong=洪^吉洞=홍^길동",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    ),
    Named(
        "simplified chinese",
        ("", "ISO 2022 IR 58"),
        "Zhang^XiaoDong=张^小东",
        b"Zhang^XiaoDong=\x1b$)A" + "张".encode("gb2312") + b"^\x1b$)A" + "小东".encode("gb2312"),
    ),
    Named(
        "greek by escapes",
        ("ISO 2022 IR 100", "ISO 2022 IR 126"),
        "Dionysios=Διονυσιος",
        b"Dionysios=\x1b-F" + "Διονυσιος".encode("iso8859-7"),
    ),
]


def named_instance(named: Named, number: int, transfer_syntax: str = EXPLICIT) -> Instance:
    """An instance of a patient with that name; the name goes in as its bytes."""
    instance = generate(number=1, patient=number, transfer_syntax=transfer_syntax, StudyDescription="plain")
    ds = instance.data_set
    ds.SpecificCharacterSet = list(named.specific_character_set)
    # pydicom would encode the name itself; a placeholder of the same length keeps the lengths right.
    padded = named.encoded + b" " * (len(named.encoded) % 2)
    placeholder = ("@" * len(padded)).encode()
    ds.PatientName = placeholder.decode()
    encoded = encode(ds, transfer_syntax)
    assert encoded.count(placeholder) == 1
    return Instance(ds, transfer_syntax, encoded.replace(placeholder, padded))


# --- A tree of patients, studies, series ---------------------------------------------------------------------------


def tree() -> list[Instance]:
    """Patients with one or more studies, series and instances, with the differences that queries ask for."""
    found: list[Instance] = []

    def add(patient: int, study: int, series: int, count: int, modality: str, sop_class: str, **values: object) -> None:
        for number in range(1, count + 1):
            found.append(generate(patient=patient, study=study, series=series, number=number, modality=modality, sop_class=sop_class, **values))

    anna = {
        "PatientName": "Müller^Anna Lena^^Dr.", "PatientID": "PAT-1", "PatientSex": "F", "PatientBirthDate": "19610203",
        "OtherPatientNames": "Schmidt^Anna", "PatientComments": "kept, not a key",
    }
    add(1, 1, 1, 3, "CT", CT, **anna, StudyDate="20240115", StudyTime="081500", AccessionNumber="ACC-100", StudyID="ID1", StudyDescription="Thorax native", ReferringPhysicianName="House^Gregory", SeriesNumber="1", SeriesDescription="Scout", BodyPartExamined="CHEST", OperatorsName="Tech^One")
    add(1, 1, 2, 2, "CT", CT, **anna, StudyDate="20240115", StudyTime="081500", AccessionNumber="ACC-100", StudyID="ID1", StudyDescription="Thorax native", ReferringPhysicianName="House^Gregory", SeriesNumber="2", SeriesDescription="Lung 1mm", BodyPartExamined="CHEST", OperatorsName="Tech^Two")
    add(1, 1, 3, 1, "SR", BASIC_TEXT_SR, **anna, StudyDate="20240115", StudyTime="081500", AccessionNumber="ACC-100", StudyID="ID1", StudyDescription="Thorax native", ReferringPhysicianName="House^Gregory", SeriesNumber="99", SeriesDescription="Report", OperatorsName="")
    add(1, 2, 1, 2, "MR", MR, **anna, StudyDate="20240220", StudyTime="170000.5", AccessionNumber="ACC-101", StudyID="ID2", StudyDescription="Schädel", ReferringPhysicianName="Wilson^James", SeriesNumber="1", SeriesDescription="T1", BodyPartExamined="HEAD", OperatorsName="Tech^One")
    bob = {"PatientName": "Muller^Bob", "PatientID": "PAT-2", "PatientSex": "M", "PatientBirthDate": "19791231"}
    add(2, 1, 1, 1, "CR", CR, **bob, StudyDate="20231231", StudyTime="235959", AccessionNumber="ACC-200", StudyID="ID1", StudyDescription="Hand left", ReferringPhysicianName="House^Gregory", SeriesNumber="1", BodyPartExamined="HAND", OperatorsName="Tech^Three")
    carl = {"PatientName": "MEIER^CARL", "PatientID": "PAT-3", "PatientSex": "M", "PatientBirthDate": "19500615"}
    add(3, 1, 1, 2, "US", US_MULTI_FRAME, **carl, StudyDate="20240301", StudyTime="120000", AccessionNumber="", StudyID="", StudyDescription="Abdomen [full]", ReferringPhysicianName="", SeriesNumber="7", OperatorsName="Tech^One")
    add(3, 1, 2, 1, "OT", SC, **carl, StudyDate="20240301", StudyTime="120000", AccessionNumber="", StudyID="", StudyDescription="Abdomen [full]", ReferringPhysicianName="", SeriesNumber="10", OperatorsName="Tech^One")
    # Without a sex, a birth date, a study date or a time; an ID that differs from another's only in case.
    nobody = {"PatientName": "Meier^Nobody", "PatientID": "pat-3", "PatientSex": "", "PatientBirthDate": ""}
    add(4, 1, 1, 1, "CT", CT, **nobody, StudyDate="", StudyTime="", AccessionNumber="acc-100", StudyID="ID_5", StudyDescription="100% sure_thing", ReferringPhysicianName="O'Hara^Scarlett", SeriesNumber="1", OperatorsName="")
    return found


def identifier(level: str | None, transfer_syntax: str = IMPLICIT, **keys: object) -> bytes:
    """The bytes of a C-FIND, C-MOVE or C-GET identifier."""
    ds = Dataset()
    if level is not None:
        ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return encode(ds, transfer_syntax)
