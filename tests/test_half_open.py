"""Peers that are gone and did not say so: no FIN, no RST, no word.

A peer that neither reads nor writes any more is to the server what a machine without power is: what is sent to it is not
taken, and nothing comes. Each such connection ends by a time limit that has a name, gives its place back, and others are
served meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import storage_contexts
from raw_peer import P_DATA, VERIFICATION, contexts, pdu, pdvs
from server import Isocenter, titles, wait_until

ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))
# The shortest waits that the settings allow.
SHORT = {
    "network": {"artim": "1 s", "write-timeout": "1 s", "between-packets-timeout": "1 s"},
    "storage-scp": {"idle-timeout": "1 s"},
    "query-retrieve-scp": {"idle-timeout": "1 s"},
}


@pytest.fixture
def server(make_server: Callable[..., Isocenter]) -> Isocenter:
    return make_server(SHORT)


def process_of(server: Isocenter, name: str) -> int | None:
    return next((pid for pid, title in titles(server).items() if name in title), None)


def assert_ends(server: Isocenter, name: str, since: int, why: str) -> None:
    """The association ends, for this reason, and others are served until then and afterwards."""

    def is_gone() -> bool:
        with server.storage_peer(ECHO, "ANOTHER") as another:
            assert another.echo() == 0x0000
            another.release()
        return process_of(server, name) is None

    wait_until(is_gone, f"the end of {name}")
    line = server.wait_for_log(f"{name}.*{why}", since)
    assert "panicked" not in line


def test_between_requests(server: Isocenter) -> None:
    with server.storage_peer(ECHO, "GONE") as peer:
        since = len(server.log())
        assert peer.echo() == 0x0000
        assert_ends(server, "GONE", since, "timed out")


def test_amid_an_instance(server: Isocenter) -> None:
    instance = dd.generate(pixel_bytes=300_000)
    with server.storage_peer(storage_contexts([instance]), "GONE") as peer:
        since = len(server.log())
        peer.send_message(1, peer.store_command(instance.sop_class, instance.sop_instance))
        peer.send(b"".join(pdu(P_DATA, pdv) for pdv in pdvs(1, b"", instance.encoded, 16000)[1:])[:100_000])
        assert_ends(server, "GONE", since, "timed out")
    assert not server.vault_files()
