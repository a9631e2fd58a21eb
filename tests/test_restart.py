"""What a stop finishes, and what a restart takes up again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import assert_returned, store_well
from raw_peer import Message, RawDestination, contexts
from server import Isocenter, free_ports, wait_until
from test_storage_commitment import Listener, ask, asking_contexts, of, pending, with_settings

isolations = pytest.mark.parametrize("isolation", ["process", "thread"])


@isolations
@pytest.mark.parametrize("requester", ["stays", "goes away"])
def test_sigterm_lets_an_export_come_to_its_end(make_server: Callable[..., Isocenter], isolation: str, requester: str) -> None:
    instances = [dd.generate(number=number) for number in range(1, 8)]
    second, go_on = threading.Event(), threading.Event()

    def hold_the_second(_: Message, __: str) -> int:
        if len(destination.received) == 2:
            second.set()
            assert go_on.wait(60)
        return 0x0000

    with RawDestination(on_store=hold_the_second) as destination:
        peers = [{"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}]
        server = make_server({"isolation": isolation, "peer": peers})
        store_well(server, instances)
        peer = server.query_peer(contexts((dd.PATIENT_MOVE, [dd.IMPLICIT])), "REQUESTER")
        message_id = peer.start_move(dd.PATIENT_MOVE, dd.identifier("PATIENT", PatientID=instances[0].patient_id), "VIEWER1")
        assert second.wait(60)
        if requester == "goes away":
            peer.abort()
        since = len(server.log())
        server.signal(signal.SIGTERM)
        server.wait_for_log("draining", since=since)
        go_on.set()
        destination.wait_for(len(instances))
        destination.wait_for_release()
        if requester == "stays":
            assert list(peer.responses(message_id))[-1].command.status == 0x0000
            peer.close()
        assert server.process.wait(60) == 0
        server.process = None
        assert_returned(instances, [message for message, _ in destination.received])


@isolations
def test_sil_090_a_notification_that_waits_survives_a_stop(make_server: Callable[..., Isocenter], isolation: str) -> None:
    (port,) = free_ports(1)
    settings = with_settings(peers={"MODALITY": port}, notification_on_new_association=True, notification_attempts=1_000)
    server = make_server({**settings, "isolation": isolation})
    instance = dd.generate()
    peer = server.storage_peer(asking_contexts([instance]), "MODALITY")
    assert peer.store(instance) == 0x0000
    transaction = ask(peer, of([instance]))
    peer.release()
    server.wait_for_log("cannot deliver storage commitment notifications")
    assert server.stop() == 0
    assert pending(server) == 1
    with Listener(port=port) as listener:
        server.start()
        notified = listener.next()
        assert (notified.transaction, notified.committed) == (transaction, of([instance]))
        wait_until(lambda: pending(server) == 0, "no notification that waits")
