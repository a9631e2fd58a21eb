"""Storage commitment over TLS: what is promised is said to whom it was promised, and to nobody else."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import dicom_data as dd
from certificates import Authority, Issued, server_context
from exchanges import store_well
from server import Isocenter, Settings, merged, wait_until
from test_storage_commitment import Listener, ask, asking_contexts, of, pending, read_notification, with_settings
from test_tls import Site, certificates, site, tls_peer  # noqa: F401

pytestmark = pytest.mark.requirement("SIL-008", "SIL-084")


def settings_for(port: int, isolation: str = "process", **of_peer: object) -> Settings:
    """The modality listens over TLS; it is told on an association of ours."""
    return merged(with_settings(notification_on_new_association=True), {"isolation": isolation, "peer": [tls_peer("MODALITY", port, **of_peer)]})


def promised(site: Site, server: Isocenter) -> str:
    """Stores and asks for storage commitment over TLS; the Transaction UID."""
    instance = dd.generate()
    store_well(server, [instance])
    with site.peer(server) as peer:
        peer.associate(server.store_title, "MODALITY", asking_contexts())
        transaction = ask(peer, of([instance]))
        peer.release()
    return transaction


def fingerprint(certificate: bytes) -> str:
    return "sha256:" + hashlib.sha256(certificate).hexdigest()


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_what_is_stored_over_tls_is_committed_on_the_same_association(site: Site, isolation: str) -> None:
    server = site.serve({"isolation": isolation})
    instances = [dd.generate(number=number) for number in (1, 2)]
    with site.peer(server) as peer:
        peer.associate(server.store_title, "MODALITY", asking_contexts(instances))
        assert {peer.store(one) for one in instances} == {0x0000}
        transaction = ask(peer, of(instances))
        notified = read_notification(peer)
        assert (notified.transaction, notified.committed, notified.failed) == (transaction, of(instances), {})
        peer.release()
    wait_until(lambda: pending(server) == 0, "no notification that waits")


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_notifications_go_over_a_new_association_over_tls_with_our_certificate(site: Site, isolation: str) -> None:
    viewer = site.authority.issue("modality-scp.example")
    with Listener(context=server_context(site.authority, viewer)) as listener:
        server = site.serve(settings_for(listener.port, isolation, certificates=["modality.example", "modality-scp.example"]))
        transactions = {promised(site, server) for _ in range(2)}
        assert {listener.next().transaction for _ in transactions} == transactions
        assert fingerprint(listener.certificates.get(timeout=30)) == site.server.fingerprint
        assert listener.released.acquire(timeout=30)
        wait_until(lambda: pending(server) == 0, "no notification that waits")


@pytest.mark.parametrize("who", ["of another authority", "of another name", "without TLS"])
def test_who_is_not_the_peer_is_told_nothing_and_the_peer_is_told_once_it_is_there(site: Site, tmp_path: Path, who: str) -> None:
    right = server_context(site.authority, site.authority.issue("right.example"))
    wrong = {
        "of another authority": server_context(site.authority, Authority(tmp_path / "stranger").issue("right.example")),
        "of another name": server_context(site.authority, site.authority.issue("wrong.example")),
        "without TLS": None,
    }[who]
    said = {
        "of another authority": "the certificate of the peer is refused",
        "of another name": "wrong.example",
        "without TLS": "timed out in the TLS handshake",
    }[who]
    with Listener(context=wrong) as listener:
        server = site.serve(merged(settings_for(listener.port, certificates=["modality.example", "right.example"]), {"network": {"association-response-timeout": "1 s"}}))
        transaction = promised(site, server)
        server.wait_for_log(said)
        assert pending(server) == 1
        listener.context = right
        # Whoever was there before cannot have read it.
        assert listener.next().transaction == transaction
        assert [len(came) for came in listener.associations] == [1]
        wait_until(lambda: pending(server) == 0, "no notification that waits")


def test_a_promise_over_tls_survives_a_killed_server(site: Site) -> None:
    context = server_context(site.authority, site.authority.issue("modality-scp.example"))
    with Listener(["silence"], context=context) as listener:
        server = site.serve(settings_for(listener.port))
        transaction = promised(site, server)
        assert listener.next().transaction == transaction
        server.kill()
        server.start()
        assert listener.next().transaction == transaction
        wait_until(lambda: pending(server) == 0, "no notification that waits")


def test_a_notification_is_sent_by_the_certificate_that_holds(site: Site, tmp_path: Path) -> None:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"

    def put(issued: Issued) -> None:
        certificate.write_bytes(issued.certificate.read_bytes())
        key.write_bytes(issued.key.read_bytes())
        key.chmod(0o600)

    put(site.server)
    newer = site.authority.issue("newer.example")
    context = server_context(site.authority, site.authority.issue("modality-scp.example"))
    with Listener(context=context) as listener:
        server = site.serve(merged(settings_for(listener.port), {"tls": {"certificate": str(certificate), "key": str(key)}}))
        for issued in (site.server, newer):
            if issued is newer:
                put(newer)
                server.signal(signal.SIGHUP)
                server.wait_for_log("the files of .tls. have changed")
            transaction = promised(site, server)
            assert listener.next().transaction == transaction
            assert fingerprint(listener.certificates.get(timeout=30)) == issued.fingerprint
