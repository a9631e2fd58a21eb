"""What most tests do with a server: store instances, ask for them, have them sent back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydicom import Dataset

import dicom_data as dd
from dicom_data import Instance
from raw_peer import Command, Message, Proposed, RawPeer, contexts, role_selection
from server import Isocenter

PENDING, PENDING_UNSUPPORTED = 0xFF00, 0xFF01


def storage_contexts(instances: Iterable[Instance]) -> list[Proposed]:
    """One context for each SOP class and transfer syntax of the instances."""
    pairs = sorted({(one.sop_class, one.transfer_syntax) for one in instances})
    assert len(pairs) <= 128
    return contexts(*((sop_class, (syntax,)) for sop_class, syntax in pairs))


def store(server: Isocenter, instances: Iterable[Instance], calling: str = "RAW_SCU") -> list[int]:
    """Stores instances over one association; their statuses."""
    instances = list(instances)
    peer = server.storage_peer(storage_contexts(instances), calling)
    statuses = [peer.store(one) for one in instances]
    peer.release()
    return statuses


def store_well(server: Isocenter, instances: Iterable[Instance]) -> list[Instance]:
    """Stores instances, each of which has to be taken."""
    instances = list(instances)
    statuses = store(server, instances)
    assert set(statuses) <= {0x0000}, [f"{status:04X}" for status in statuses]
    return instances


def find(
    server: Isocenter,
    level: str | None,
    model: str = dd.PATIENT_FIND,
    raw_identifier: bytes | None = None,
    **keys: object,
) -> list[Dataset]:
    """C-FIND that has to end with 0000H: its answers."""
    statuses, answers, last = find_statuses(server, level, model, raw_identifier, **keys)
    assert last.status == 0x0000, f"{last}"
    assert set(statuses) <= {PENDING, PENDING_UNSUPPORTED}
    return answers


def find_statuses(
    server: Isocenter,
    level: str | None,
    model: str = dd.PATIENT_FIND,
    raw_identifier: bytes | None = None,
    **keys: object,
) -> tuple[list[int], list[Dataset], Command]:
    """C-FIND: the status of each answer, the answers, and the last response."""
    peer = server.query_peer(contexts((model, [dd.IMPLICIT])))
    pending, last = peer.find(model, dd.identifier(level, **keys) if raw_identifier is None else raw_identifier)
    peer.release()
    return [status for status, _ in pending], [dd.decode(answer) for _, answer in pending], last


def get(
    server: Isocenter,
    level: str,
    model: str = dd.PATIENT_GET,
    storage: Iterable[tuple[str, str]] = (),
    answer: Callable[[Message], int] = lambda _: 0x0000,
    **keys: object,
) -> tuple[list[Message], list[Message]]:
    """C-GET with one context, and the SCP role, for each (SOP class, transfer syntax) of `storage`."""
    peer = get_peer(server, model, storage)
    stored, responses = peer.get(model, dd.identifier(level, **keys), answer)
    peer.release()
    return stored, responses


def get_peer(server: Isocenter, model: str, storage: Iterable[tuple[str, str]]) -> RawPeer:
    """An association for C-GET."""
    storage = sorted(set(storage))
    roles = b"".join(role_selection(sop_class, 0, 1) for sop_class in sorted({sop_class for sop_class, _ in storage}))
    proposed = contexts((model, [dd.IMPLICIT]), *((sop_class, [syntax]) for sop_class, syntax in storage))
    return server.query_peer(proposed, user_items=roles)


def kinds(instances: Iterable[Instance]) -> list[tuple[str, str]]:
    """The (SOP class, transfer syntax) pairs of instances."""
    return sorted({(one.sop_class, one.transfer_syntax) for one in instances})


def assert_returned(instances: Iterable[Instance], stored: Iterable[Message]) -> None:
    """Exactly these instances came back, byte for byte."""
    stored = list(stored)
    came = {message.command.affected_sop_instance: message.data_set for message in stored}
    assert len(came) == len(stored), "an instance was sent more than once"
    sent = {one.sop_instance: one.encoded for one in instances}
    assert sorted(came) == sorted(sent)
    different = [uid for uid, encoded in sent.items() if came[uid] != encoded]
    assert not different, f"data sets changed on the way: {different}"


def assert_held(server: Isocenter, instances: Iterable[Instance]) -> None:
    """The server finds each of the instances, and C-GET returns its bytes."""
    instances = list(instances)
    for start in range(0, len(instances), 500):
        some = instances[start : start + 500]
        by_series: dict[tuple[str, str, str], list[Instance]] = {}
        for one in some:
            by_series.setdefault((one.patient_id, one.study, one.series), []).append(one)
        peer = get_peer(server, dd.PATIENT_GET, kinds(some))
        for (patient_id, study, series), ones in by_series.items():
            keys = {"PatientID": patient_id, "StudyInstanceUID": study, "SeriesInstanceUID": series}
            identifier = dd.identifier("IMAGE", **keys, SOPInstanceUID=[one.sop_instance for one in ones])
            stored, responses = peer.get(dd.PATIENT_GET, identifier)
            assert responses[-1].command.status == 0x0000, responses[-1].command
            assert_returned(ones, stored)
        peer.release()


def assert_nothing_kept(server: Isocenter) -> None:
    """The vault holds no file, and no patient can be found."""
    assert not server.vault_files()
    assert not list(server.data.rglob("*.dcm"))
    assert find(server, "STUDY", dd.STUDY_FIND, StudyInstanceUID="", PatientID="*") == []
