"""PS3.5 6.1: names in every character set are found whichever way they are asked for, and come back as they are meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom import Dataset

import dicom_data as dd
from dicom_data import CHARACTER_SETS, Named
from exchanges import assert_held, find, store_well
from server import Isocenter

NUMBERS = {named.label: number for number, named in enumerate(CHARACTER_SETS, 1)}
every_set = pytest.mark.parametrize("named", CHARACTER_SETS, ids=[named.label for named in CHARACTER_SETS])


@pytest.fixture(scope="module")
def server(make_shared_server: Callable[..., Isocenter]) -> Isocenter:
    started = make_shared_server()
    store_well(started, [dd.named_instance(named, NUMBERS[named.label]) for named in CHARACTER_SETS])
    return started


def asked(named_bytes: bytes, character_set: tuple[str, ...], **more: str) -> bytes:
    """A query of patients by the bytes of a name."""
    ds = Dataset()
    if character_set:
        ds.SpecificCharacterSet = list(character_set)
    ds.QueryRetrieveLevel = "PATIENT"
    ds.PatientID = ""
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    padded = named_bytes + b" " * (len(named_bytes) % 2)
    element = b"\x10\x00\x10\x00" + len(padded).to_bytes(4, "little") + padded
    # Patient's Name stands before Patient ID and behind the level.
    encoded = dd.encode(ds)
    at = encoded.index(b"\x10\x00\x20\x00")
    return encoded[:at] + element + encoded[at:]


def meaning(answer: bytes, named: Named) -> str:
    """The text of the Patient's Name of an answer."""
    ds = dd.decode(answer)
    terms = ds.get("SpecificCharacterSet", "")
    terms = [terms] if isinstance(terms, str) else list(terms)
    raw = ds.get_item("PatientName").value
    if terms == ["ISO_IR 192"]:
        return raw.decode("utf-8").strip()
    if raw.strip() == named.encoded.strip() and [term or "" for term in terms] == list(named.specific_character_set):
        return named.text
    return str(ds.PatientName)


def patients(server: Isocenter, identifier: bytes) -> list[bytes]:
    from raw_peer import contexts

    peer = server.query_peer(contexts((dd.PATIENT_FIND, [dd.IMPLICIT])))
    pending, last = peer.find(dd.PATIENT_FIND, identifier)
    peer.release()
    assert last.status == 0x0000, last
    return [answer for _, answer in pending]


def ids(answers: list[bytes]) -> set[str]:
    return {str(dd.decode(answer).PatientID) for answer in answers}


@pytest.mark.requirement("CHR-002")
@every_set
def test_names_come_back_as_they_are_meant(server: Isocenter, named: Named) -> None:
    identifier = dd.identifier("PATIENT", PatientID=f"P{NUMBERS[named.label]:04}", PatientName="", SpecificCharacterSet="")
    (answer,) = patients(server, identifier)
    assert meaning(answer, named) == named.text


@every_set
def test_names_are_found_by_their_own_character_set(server: Isocenter, named: Named) -> None:
    found = patients(server, asked(named.encoded, named.specific_character_set))
    assert f"P{NUMBERS[named.label]:04}" in ids(found)


@every_set
def test_sil_051_names_are_found_by_utf_8(server: Isocenter, named: Named) -> None:
    found = patients(server, asked(named.text.encode(), ("ISO_IR 192",)))
    assert f"P{NUMBERS[named.label]:04}" in ids(found)


@every_set
def test_wild_cards_stand_for_characters_not_for_bytes(server: Isocenter, named: Named) -> None:
    first_group = named.text.split("=")[0]
    found = patients(server, asked(("?" + first_group[1:] + "*").encode(), ("ISO_IR 192",)))
    assert f"P{NUMBERS[named.label]:04}" in ids(found)


@pytest.mark.parametrize("label", ["japanese", "korean", "simplified chinese", "utf-8", "gb18030"])
def test_sil_030_other_component_groups_are_found(server: Isocenter, label: str) -> None:
    """A name in ideographs finds its patient, with or without the alphabetic group."""
    named = CHARACTER_SETS[NUMBERS[label] - 1]
    ideographic = named.text.split("=")[1]
    for query in (f"*={ideographic}*", f"{ideographic}*"):
        assert f"P{NUMBERS[label]:04}" in ids(patients(server, asked(query.encode(), ("ISO_IR 192",)))), query


def test_chr_001_latin_1_is_asked_and_answered_as_latin_1(server: Isocenter) -> None:
    (answer,) = patients(server, asked("Buc^J*".encode("latin-1"), ("ISO_IR 100",)))
    assert meaning(answer, CHARACTER_SETS[0]) == "Buc^Jérôme"


def test_chr_003_specific_character_set_comes_with_any_answer_that_needs_it(server: Isocenter) -> None:
    (answer,) = patients(server, dd.identifier("PATIENT", PatientID="P0001", PatientName=""))
    assert dd.decode(answer).SpecificCharacterSet in ("ISO_IR 100", "ISO_IR 192")


@every_set
def test_bytes_are_kept_whatever_they_mean(server: Isocenter, named: Named) -> None:
    assert_held(server, [dd.named_instance(named, NUMBERS[named.label])])


@pytest.mark.parametrize("syntax", [dd.IMPLICIT, dd.BIG_ENDIAN, dd.DEFLATED])
def test_names_in_other_transfer_syntaxes(server: Isocenter, syntax: str) -> None:
    named = next(one for one in CHARACTER_SETS if one.label == "cyrillic")
    number = 200 + len(syntax)
    if syntax == dd.DEFLATED:
        explicit = dd.named_instance(named, number)
        import zlib

        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        encoded = deflate.compress(explicit.encoded) + deflate.flush()
        instance = dd.Instance(explicit.data_set, syntax, encoded + b"\0" * (len(encoded) % 2))
    else:
        instance = dd.named_instance(named, number, syntax)
    store_well(server, [instance])
    found = find(server, "PATIENT", PatientID=f"P{number:04}", PatientName="")
    assert str(found[0].PatientName) == named.text
