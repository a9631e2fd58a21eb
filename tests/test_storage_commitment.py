"""Storage commitment: what is promised, when it is said, and that it is said in the end."""

from __future__ import annotations

import queue
import re
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, StorageCommitmentPushModel

import dicom_data as dd
from dicom_data import Instance
from exchanges import storage_contexts, store, store_well
from raw_peer import (
    ABORT,
    APPLICATION_CONTEXT,
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    C_ECHO_RQ,
    NO_DATA_SET,
    RELEASE_RP,
    RELEASE_RQ,
    VERIFICATION,
    Aborted,
    Command,
    Connection,
    Message,
    OtherPdu,
    PeerClosed,
    Proposed,
    RawPeer,
    command_set,
    contexts,
    implementation_class,
    item,
    maximum_length,
    pdu,
    read_items,
    read_proposals,
    role_selection,
    store_rsp,
)
from server import Isocenter, free_ports, private_bytes, wait_until

COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
N_EVENT_REPORT_RQ, N_EVENT_REPORT_RSP = 0x0100, 0x8100
N_ACTION_RQ, N_ACTION_RSP = 0x0130, 0x8130

# The shortest waits that the settings allow; nothing depends on how long they really are.
QUICK = {"storage-scp": {"notification-retry-wait": "1 s"}}
ANNEX_F = {"preset": "annex-f"}

_transactions = iter(range(1, 1_000_000))


def transaction_uid() -> str:
    """A Transaction UID that was not used before."""
    return dd.uid(77, next(_transactions))


def with_settings(*, peers: dict[str, int] | None = None, preset: str = "standard", **storage_scp: object) -> dict[str, object]:
    """Settings with a retry wait of a second; `peers` are titles and ports."""
    named = {key.replace("_", "-"): value for key, value in storage_scp.items()}
    return {
        "preset": preset,
        "storage-scp": {"notification-retry-wait": "1 s"} | named,
        "peer": [{"ae-title": title, "host": "127.0.0.1", "port": port} for title, port in (peers or {}).items()],
    }


# --- A peer that asks ------------------------------------------------------------------------------------------------


def request(transaction: str | None, references: list[tuple[str | None, str | None]] | None) -> Dataset:
    """The Action Information of a request; what is None is left out."""
    ds = Dataset()
    if transaction is not None:
        ds.TransactionUID = transaction
    if references is not None:
        ds.ReferencedSOPSequence = []
        for sop_class, instance in references:
            one = Dataset()
            if sop_class is not None:
                one.ReferencedSOPClassUID = sop_class
            if instance is not None:
                one.ReferencedSOPInstanceUID = instance
            ds.ReferencedSOPSequence.append(one)
    return ds


def of(instances: list[Instance]) -> list[tuple[str, str]]:
    return [(one.sop_class, one.sop_instance) for one in instances]


def asking_contexts(instances: list[Instance] = (), syntax: str = dd.IMPLICIT) -> list[Proposed]:
    """Contexts for storage commitment, and for storing the instances."""
    storage = storage_contexts(instances)
    return [*storage, Proposed(2 * len(storage) + 1, COMMITMENT, (syntax,)), Proposed(2 * len(storage) + 3, VERIFICATION, (dd.IMPLICIT,))]


def send_action(peer: RawPeer, information: bytes | None, *, action: int = 1, instance: str = COMMITMENT_INSTANCE) -> int:
    """Sends an N-ACTION-RQ; its message ID."""
    message_id = peer.next_message_id()
    command = command_set(
        requested_sop_class=COMMITMENT,
        command_field=N_ACTION_RQ,
        message_id=message_id,
        data_set_type=NO_DATA_SET if information is None else 1,
        requested_sop_instance=instance,
        action_type=action,
    )
    peer.send_message(peer.context_for(COMMITMENT), command, information)
    return message_id


def action(peer: RawPeer, information: Dataset | bytes | None, **options: object) -> Command:
    """N-ACTION; its response."""
    syntax = peer.accepted.syntaxes[peer.context_for(COMMITMENT)]
    encoded = dd.encode(information, syntax) if isinstance(information, Dataset) else information
    message_id = send_action(peer, encoded, **options)
    response = peer.read_message().command
    assert response.command_field == N_ACTION_RSP and response.responded_to == message_id, response
    return response


def ask(peer: RawPeer, references: list[tuple[str, str]], transaction: str | None = None) -> str:
    """A request that has to be taken; its Transaction UID."""
    transaction = transaction or transaction_uid()
    response = action(peer, request(transaction, references))
    assert response.status == 0x0000, response
    assert response.affected_sop_class == COMMITMENT and response.affected_sop_instance == COMMITMENT_INSTANCE
    return transaction


class Notified:
    """A notification as it came."""

    def __init__(self, message: Message, syntax: str) -> None:
        command = message.command
        assert command.command_field == N_EVENT_REPORT_RQ, message
        assert command.affected_sop_class == COMMITMENT and command.affected_sop_instance == COMMITMENT_INSTANCE
        self.message = message
        self.information = dd.decode(message.data_set, syntax)
        self.event_type: int = command.event_type
        self.transaction: str = self.information.TransactionUID
        read = lambda one: (one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID)  # noqa: E731
        self.committed = [read(one) for one in self.information.get("ReferencedSOPSequence", [])]
        self.failed = {read(one): one.FailureReason for one in self.information.get("FailedSOPSequence", [])}
        assert self.event_type == (2 if self.failed else 1)
        # Each instance stands in one of the two, and neither sequence is there for nothing.
        assert not set(self.committed) & set(self.failed)
        assert ("FailedSOPSequence" in self.information) == bool(self.failed)
        assert ("ReferencedSOPSequence" in self.information) == bool(self.committed)


def event_rsp(command: Command, status: int) -> bytes:
    """The command set of an N-EVENT-REPORT-RSP."""
    return command_set(
        affected_sop_class=COMMITMENT,
        command_field=N_EVENT_REPORT_RSP,
        responded_to=command.message_id,
        data_set_type=NO_DATA_SET,
        status=status,
        affected_sop_instance=COMMITMENT_INSTANCE,
        event_type=command.event_type,
    )


def read_notification(peer: RawPeer, answer: int | None = 0x0000) -> Notified:
    """The notification that comes next on the association of the request; answered, unless `answer` is None."""
    message = peer.read_message()
    notified = Notified(message, peer.accepted.syntaxes[message.context])
    if answer is not None:
        peer.send_message(message.context, event_rsp(message.command, answer))
    return notified


# --- A peer that is told ---------------------------------------------------------------------------------------------


class Listener:
    """The SCU of storage commitment, where it listens for notifications.

    `answers` are what it does with the first ones: a status, or "release", "abort", "silence"; after them it answers 0000H.
    """

    # Over all listeners: associations that are open, and the most that were.
    open_now, open_most = 0, 0
    counting = threading.Lock()

    def __init__(self, answers: list[int | str] = (), *, port: int = 0, roles: bool | None = True, reject: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self.roles, self.reject = roles, reject
        self.requests: list[bytes] = []
        # What came on each association, in the order in which they were opened.
        self.associations: list[list[Notified]] = []
        self.came: queue.Queue[Notified] = queue.Queue()
        self.released = threading.Semaphore(0)
        self.failures: list[BaseException] = []
        # With a context it is called over TLS; the certificates that callers show.
        self.context, self.certificates = context, queue.Queue[bytes]()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        assert not self.failures, self.failures

    def next(self, timeout: float = 60) -> Notified:
        """The next notification."""
        try:
            return self.came.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no notification came; failures: {self.failures}") from None

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.context:
                try:
                    connection = self.context.wrap_socket(connection, server_side=True)
                except (ssl.SSLError, ConnectionError):
                    connection.close()
                    continue
                self.certificates.put(connection.getpeercert(binary_form=True))
            connection = Connection(connection)
            self._count(1)
            try:
                self._serve(connection)
            except (PeerClosed, BrokenPipeError, ConnectionResetError):
                pass
            except BaseException as failure:
                self.failures.append(failure)
            finally:
                # Who asked sees the end only after this.
                self._count(-1)
                connection.close()

    @classmethod
    def _count(cls, one: int) -> None:
        with Listener.counting:
            Listener.open_now += one
            Listener.open_most = max(Listener.open_most, Listener.open_now)

    def _serve(self, connection: Connection) -> None:
        asked = connection.read_pdu()
        assert asked.type == ASSOCIATE_RQ, asked
        self.requests.append(asked.body)
        if self.reject:
            self.reject -= 1
            connection.send(pdu(ASSOCIATE_RJ, bytes([0, 2, 3, 2])))
            return
        proposed = read_proposals(asked.body)
        results = b"".join(item(0x21, bytes([one.id, 0, 0, 0]) + item(0x40, one.transfer_syntaxes[0].encode())) for one in proposed)
        information = maximum_length(131072) + implementation_class("1.2.826.0.1.3680043.8.498.2")
        if self.roles is not None:
            information += role_selection(COMMITMENT, 0, int(self.roles))
        connection.send(pdu(ASSOCIATE_AC, asked.body[:68] + item(0x10, APPLICATION_CONTEXT.encode()) + results + item(0x50, information)))
        syntaxes = {one.id: one.transfer_syntaxes[0] for one in proposed}
        came: list[Notified] = []
        self.associations.append(came)
        while True:
            try:
                message = connection.read_message()
            except OtherPdu as other:
                if other.pdu.type == RELEASE_RQ:
                    connection.send(pdu(RELEASE_RP, bytes(4)))
                    self.released.release()
                return
            if message.command.command_field == C_ECHO_RQ:
                connection.send_message(message.context, echo_rsp(message.command))
                continue
            notified = Notified(message, syntaxes[message.context])
            came.append(notified)
            answer = self.answers.pop(0) if self.answers else 0x0000
            if isinstance(answer, int):
                connection.send_message(message.context, event_rsp(message.command, answer))
            elif answer == "release":
                connection.send(pdu(RELEASE_RQ, bytes(4)))
            elif answer == "abort":
                connection.abort()
            self.came.put(notified)
            if answer == "abort":
                return


def echo_rsp(request: Command) -> bytes:
    """The command set of a C-ECHO-RSP."""
    return command_set(affected_sop_class=VERIFICATION, command_field=0x8030, responded_to=request.message_id, data_set_type=NO_DATA_SET, status=0)


def titles_of(body: bytes) -> tuple[str, str]:
    """The called and the calling title of an A-ASSOCIATE-RQ."""
    return body[4:20].decode().strip(), body[20:36].decode().strip()


def roles_of(body: bytes) -> dict[str, tuple[int, int]]:
    """The role selections of an A-ASSOCIATE-RQ: SCU role, SCP role."""
    (information,) = [value for kind, value in read_items(body[68:]) if kind == 0x50]
    return {value[2:-2].decode(): (value[-2], value[-1]) for kind, value in read_items(information) if kind == 0x54}


def pending(server: Isocenter) -> int:
    """Notifications that wait, as the data directory shows them."""
    folder = server.data / "commitment" / "pending"
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.fixture(scope="module", params=["standard", "annex-f"])
def server(make_shared_server: Callable[..., Isocenter], request: pytest.FixtureRequest) -> Isocenter:
    return make_shared_server({"preset": request.param})


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as one:
        yield one


# --- On the association of the request -------------------------------------------------------------------------------


@pytest.mark.requirement("GEN-001", "GEN-006", "GEN-007", "PC-011", "SCP-057", "SCP-062", "SIL-084", "SIL-087")
@pytest.mark.parametrize("syntax", [dd.IMPLICIT, dd.EXPLICIT])
def test_scp_035_scp_056_scp_066_stored_instances_are_committed_on_the_same_association(server: Isocenter, syntax: str) -> None:
    instances = [dd.generate(patient=301, number=number) for number in (1, 2, 3)]
    peer = server.storage_peer(asking_contexts(instances, syntax), "MODALITY")
    log = len(server.log())
    assert [peer.store(one) for one in instances[:2]] == [0x0000, 0x0000]
    transaction = ask(peer, of(instances[:2]))
    notified = read_notification(peer)
    assert (notified.transaction, notified.event_type) == (transaction, 1)
    assert notified.committed == of(instances[:2])
    assert notified.information.RetrieveAETitle == server.query_title

    # One that was never sent.
    transaction = ask(peer, of(instances))
    notified = read_notification(peer)
    assert (notified.transaction, notified.event_type) == (transaction, 2)
    assert notified.committed == of(instances[:2])
    assert notified.failed == {of(instances)[2]: 0x0112}
    peer.release()
    line = server.wait_for_log(rf"taken a storage commitment notification.*{re.escape(transaction)}", log)
    assert " INFO " in line and "MODALITY" in line
    wait_until(lambda: pending(server) == 0, "no notification that waits")


def test_threads_commit_as_processes_do(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"isolation": "thread"})
    instance = dd.generate()
    peer = server.storage_peer(asking_contexts([instance]))
    assert peer.store(instance) == 0x0000
    transaction = ask(peer, of([instance]))
    assert read_notification(peer).transaction == transaction
    peer.release()


def test_pynetdicom_asks_and_is_told_on_the_same_association(server: Isocenter) -> None:
    instances = [dd.generate(patient=302, number=number) for number in (1, 2)]
    store_well(server, instances[:1])
    told: queue.Queue[tuple[int, Dataset]] = queue.Queue()

    def on_event(event: evt.Event) -> tuple[int, None]:
        told.put((event.event_type, event.event_information))
        return 0x0000, None

    ae = AE("PYNETDICOM")
    ae.add_requested_context(StorageCommitmentPushModel)
    association = ae.associate(*server.store_address, ae_title=server.store_title, evt_handlers=[(evt.EVT_N_EVENT_REPORT, on_event)])
    assert association.is_established
    for references, event_type in ((of(instances[:1]), 1), (of(instances), 2)):
        transaction = transaction_uid()
        status, _ = association.send_n_action(request(transaction, references), 1, UID(COMMITMENT), UID(COMMITMENT_INSTANCE))
        assert status.Status == 0x0000
        came, information = told.get(timeout=30)
        assert (came, information.TransactionUID) == (event_type, transaction)
    association.release()
    assert association.is_released


@pytest.mark.requirement("SCP-007", "SIL-089")
def test_scp_008_several_requests_are_answered_before_the_first_notification(make_server: Callable[..., Isocenter]) -> None:
    # Silence long enough to send both requests in.
    server = make_server(with_settings(notification_quiet_time="2 s"))
    instance = dd.generate()
    store_well(server, [instance])
    peer = server.storage_peer(asking_contexts())
    transactions = [transaction_uid(), transaction_uid()]
    sent = [send_action(peer, dd.encode(request(transaction, of([instance])))) for transaction in transactions]
    answered = [peer.read_message().command for _ in sent]
    assert [(one.command_field, one.responded_to, one.status) for one in answered] == [(N_ACTION_RSP, id_, 0) for id_ in sent]
    assert [read_notification(peer).transaction for _ in sent] == transactions
    peer.release()


def test_scp_058_nothing_is_held_back_for_instances_that_come_later(server: Isocenter) -> None:
    instance = dd.generate(patient=303)
    peer = server.storage_peer(asking_contexts([instance]))
    early = ask(peer, of([instance]))
    notified = read_notification(peer)
    assert (notified.transaction, notified.failed) == (early, {of([instance])[0]: 0x0112})
    assert peer.store(instance) == 0x0000
    late = ask(peer, of([instance]))
    assert read_notification(peer).transaction == late
    peer.release()


def test_sil_089_gen_009_the_peer_may_store_while_a_notification_is_not_answered(server: Isocenter) -> None:
    instances = [dd.generate(patient=304, number=number) for number in (1, 2)]
    peer = server.storage_peer(asking_contexts(instances))
    assert peer.store(instances[0]) == 0x0000
    first = ask(peer, of(instances[:1]))
    notified = read_notification(peer, answer=None)
    assert notified.transaction == first
    assert peer.store(instances[1]) == 0x0000
    assert peer.echo() == 0x0000
    # A second one is asked for; it has to wait for the answer to the first.
    second = ask(peer, of(instances))
    peer.send_message(notified.message.context, event_rsp(notified.message.command, 0x0000))
    assert read_notification(peer).transaction == second
    peer.release()


def test_gen_009_no_c_get_while_a_notification_is_not_answered(make_server: Callable[..., Isocenter]) -> None:
    """Both SCPs at one port: an instance cannot be sent while the answer to something else is due."""
    (port,) = free_ports(1)
    shared = {"ae-title": "ARCHIVE", "listen": f"127.0.0.1:{port}"}
    server = make_server({"storage-scp": shared, "query-retrieve-scp": shared})
    server.store_port = server.query_port = port
    instance = dd.generate()
    store_well(server, [instance])
    proposed = contexts((COMMITMENT, [dd.IMPLICIT]), (dd.STUDY_GET, [dd.IMPLICIT]), (dd.CT, [dd.EXPLICIT]))
    peer = server.storage_peer(proposed, user_items=role_selection(dd.CT, 0, 1))
    ask(peer, of([instance]))
    notified = read_notification(peer, answer=None)
    identifier = dd.identifier("STUDY", StudyInstanceUID=instance.study)
    stored, responses = peer.get(dd.STUDY_GET, identifier)
    assert not stored and [one.command.status for one in responses] == [0xA702]
    peer.send_message(notified.message.context, event_rsp(notified.message.command, 0x0000))
    stored, responses = peer.get(dd.STUDY_GET, identifier)
    assert len(stored) == 1 and responses[-1].command.status == 0x0000
    peer.release()


def test_scp_067_a_warning_counts_as_delivered(server: Isocenter) -> None:
    instance = dd.generate(patient=305)
    store_well(server, [instance])
    log = len(server.log())
    peer = server.storage_peer(asking_contexts())
    transaction = ask(peer, of([instance]))
    read_notification(peer, answer=0x0107)
    peer.release()
    assert " WARN " in server.wait_for_log(rf"taken a storage commitment notification.*{re.escape(transaction)}.*0107H", log)
    wait_until(lambda: pending(server) == 0, "no notification that waits")


# --- What is committed -----------------------------------------------------------------------------------------------


def reasons(server: Isocenter, references: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The failure reasons of a request; 0 for what is committed."""
    peer = server.storage_peer(asking_contexts())
    transaction = ask(peer, references)
    notified = read_notification(peer)
    peer.release()
    assert notified.transaction == transaction
    return dict.fromkeys(notified.committed, 0) | notified.failed


@pytest.mark.requirement("DIF-003", "GEN-006")
def test_sil_085_scp_056_scp_061_failure_reasons(server: Isocenter) -> None:
    held = dd.generate(patient=306)
    store_well(server, [held])
    annex_f = server.settings["preset"] == "annex-f"
    missing = dd.uid(306, 9, 9, 9)
    expected = {
        (dd.CT, held.sop_instance): 0,
        (dd.CT, missing): 0x0112,
        ("1.2.3.4.5", dd.uid(306, 9, 9, 8)): 0x0122,
        # A class that annex F takes without listing it, and one that it does not take.
        (dd.NM_RETIRED, dd.uid(306, 9, 9, 7)): 0x0122 if annex_f else 0x0112,
        (dd.ECG, dd.uid(306, 9, 9, 6)): 0x0122 if annex_f else 0x0112,
    }
    assert reasons(server, list(expected)) == expected
    # Under another class than its own: annex F looks for the SOP Instance UID alone.
    assert reasons(server, [(dd.MR, held.sop_instance)]) == {(dd.MR, held.sop_instance): 0 if annex_f else 0x0119}


def test_sil_085_scp_056_a_lost_file_is_not_promised(server: Isocenter) -> None:
    instances = [dd.generate(patient=307, number=number) for number in (1, 2, 3)]
    store_well(server, instances)
    paths = {path.stem: path for path in server.vault_files()}
    paths[instances[1].sop_instance].unlink()
    cut = paths[instances[2].sop_instance]
    cut.write_bytes(cut.read_bytes()[:-2])
    annex_f = server.settings["preset"] == "annex-f"
    lost = 0 if annex_f else 0x0110
    assert reasons(server, of(instances)) == dict(zip(of(instances), [0, lost, lost], strict=True))


def test_sil_083_an_instance_named_twice_is_reported_once(server: Isocenter) -> None:
    instance = dd.generate(patient=308)
    store_well(server, [instance])
    peer = server.storage_peer(asking_contexts())
    ask(peer, of([instance, instance]))
    assert read_notification(peer).committed == of([instance])
    peer.release()


def test_scp_060_storage_media_file_sets_are_passed_over(server: Isocenter) -> None:
    instance = dd.generate(patient=312)
    store_well(server, [instance])
    information = request(transaction_uid(), of([instance]))
    for level in (information, information.ReferencedSOPSequence[0]):
        level.StorageMediaFileSetID = "DISK1"
        level.StorageMediaFileSetUID = "1.2.3.4"
    peer = server.storage_peer(asking_contexts())
    assert action(peer, information).status == 0x0000
    notified = read_notification(peer)
    assert notified.committed == of([instance])
    for level in (notified.information, notified.information.ReferencedSOPSequence[0]):
        assert "StorageMediaFileSetID" not in level and "StorageMediaFileSetUID" not in level
    peer.release()


def test_sync_none_does_not_keep_instances_from_being_committed(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"sync": "none"}})
    instance = dd.generate()
    store_well(server, [instance])
    assert reasons(server, of([instance])) == {of([instance])[0]: 0}


# --- Requests that are not processed ---------------------------------------------------------------------------------

ONE = [(dd.CT, "1.2.3")]
BAD = {
    "no data set": (None, 0x0120),
    "no Transaction UID": (request(None, ONE), 0x0120),
    "no sequence": (request("1.9", None), 0x0120),
    "no class": (request("1.9", [(None, "1.2.3")]), 0x0120),
    "no instance": (request("1.9", [(dd.CT, "1.2.3"), (dd.CT, None)]), 0x0120),
    "empty Transaction UID": (request("", ONE), 0x0121),
    "empty sequence": (request("1.9", []), 0x0121),
    "empty class": (request("1.9", [("", "1.2.3")]), 0x0121),
    "empty instance": (request("1.9", [(dd.CT, "")]), 0x0121),
    "two classes": (request("1.9", [(dd.CT, "1.2.3"), (dd.MR, "1.2.3")]), 0x0115),
    "cut": (dd.encode(request("1.9", ONE))[:-3], 0x0110),
    "no data set of DICOM": (b"GET / HTTP/1.1\r\n\r\n", 0x0110),
    "no UID": (dd.encode(request("1.9", ONE)).replace(b"1.9\0", b"1.x\0"), 0x0115),
}


@pytest.mark.requirement("SCP-064", "SCP-065", "DIF-021")
@pytest.mark.parametrize("what", BAD)
def test_scp_063_sil_083_bad_information(server: Isocenter, what: str) -> None:
    information, annex_f = BAD[what]
    standard = 0x0115 if annex_f in (0x0120, 0x0121) else annex_f
    peer = server.storage_peer(asking_contexts())
    response = action(peer, information)
    assert response.status == (annex_f if server.settings["preset"] == "annex-f" else standard), response
    # No notification follows, and the association goes on.
    assert peer.echo() == 0x0000
    transaction = ask(peer, ONE)
    assert read_notification(peer).transaction == transaction
    peer.release()


def test_sil_083_other_actions_and_instances(server: Isocenter) -> None:
    peer = server.storage_peer(asking_contexts())
    information = request(transaction_uid(), ONE)
    assert action(peer, information, action=2).status == 0x0123
    assert action(peer, information, instance="1.2.840.10008.1.20.1.2").status == 0x0112
    assert peer.echo() == 0x0000
    peer.release()


def test_sil_056_n_action_is_no_operation_of_storage(server: Isocenter) -> None:
    peer = server.storage_peer(contexts((dd.CT, [dd.IMPLICIT])))
    command = command_set(
        requested_sop_class=dd.CT, command_field=N_ACTION_RQ, message_id=1, data_set_type=1, requested_sop_instance="1.2.3", action_type=1
    )
    peer.send_message(1, command, dd.encode(request("1.9", ONE)))
    assert peer.read_message().command.status == 0x0211
    peer.release()


def test_a_million_references_are_refused_in_bounded_memory(server: Isocenter) -> None:
    one = dd.encode(request(None, [(dd.CT, dd.uid(309, 1, 1, 1000000))]), dd.IMPLICIT)[8:]
    items = one * 1_000_000
    head = dd.encode(request(transaction_uid(), None)) + bytes.fromhex("08009911") + len(items).to_bytes(4, "little")
    peer = server.storage_peer(asking_contexts(), "MILLION")
    response = action(peer, head + items)
    assert response.status == 0x0213
    most = max(private_bytes(pid) for pid in server.processes())
    assert most < 64 << 20, most
    transaction = ask(peer, ONE)
    assert read_notification(peer).transaction == transaction
    peer.release()


def test_fifty_thousand_references_are_taken(server: Isocenter) -> None:
    instance = dd.generate(patient=310)
    store_well(server, [instance])
    references = of([instance]) + [(dd.CT, dd.uid(310, 2, 2, number)) for number in range(1, 50_000)]
    found = reasons(server, references)
    assert len(found) == 50_000
    assert [reference for reference, reason in found.items() if reason == 0] == of([instance])


@pytest.mark.requirement("SIL-086")
def test_sil_085_a_transaction_uid_is_used_once(server: Isocenter) -> None:
    instance = dd.generate(patient=311)
    store_well(server, [instance])
    peer = server.storage_peer(asking_contexts(), "REPEATING")
    transaction = ask(peer, of([instance]))
    assert read_notification(peer).committed == of([instance])
    ask(peer, of([instance]), transaction)
    assert read_notification(peer).failed == {of([instance])[0]: 0x0131}
    peer.release()
    # It is each peer's own.
    other = server.storage_peer(asking_contexts(), "ANOTHER")
    ask(other, of([instance]), transaction)
    assert read_notification(other).committed == of([instance])
    other.release()


def test_sil_086_transaction_uids_are_remembered_over_a_restart(make_server: Callable[..., Isocenter]) -> None:
    server = make_server()
    instance = dd.generate()
    store_well(server, [instance])
    peer = server.storage_peer(asking_contexts())
    transaction = ask(peer, of([instance]))
    read_notification(peer)
    peer.release()
    server.restart()
    peer = server.storage_peer(asking_contexts())
    ask(peer, of([instance]), transaction)
    assert read_notification(peer).failed == {of([instance])[0]: 0x0131}
    peer.release()


def test_the_same_request_again_is_told_once(make_server: Callable[..., Isocenter], listener: Listener) -> None:
    """A peer whose response was lost repeats its request; two notifications that differ would leave it in the dark."""
    server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_quiet_time="1 min"))
    instance = dd.generate()
    store_well(server, [instance])
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transaction = ask(peer, of([instance]))
    ask(peer, of([instance]), transaction)
    last = ask(peer, of([instance]))
    peer.release()
    assert [listener.next().transaction for _ in range(2)] == [transaction, last]


def test_scp_009_pending_notifications_are_counted_for_each_peer(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(with_settings(pending_notifications=2, notification_quiet_time="1 min"))
    peer = server.storage_peer(asking_contexts(), "MANY")
    for _ in range(2):
        ask(peer, ONE)
    assert action(peer, request(transaction_uid(), ONE)).status == 0x0213
    other = server.storage_peer(asking_contexts(), "FEW")
    ask(other, ONE)
    for one in (peer, other):
        one.release()


def test_scp_009_annex_f_acknowledges_any_number(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(with_settings(preset="annex-f", notification_quiet_time="1 min"))
    peer = server.storage_peer(asking_contexts(), "MANY")
    # More than keep to this association.
    transactions = [ask(peer, ONE) for _ in range(200)]
    assert pending(server) == len(transactions)
    peer.abort()


def test_scp_002_storage_commitment_can_be_removed(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"sop-classes-removed": [COMMITMENT]}})
    peer = server.storage_peer(asking_contexts())
    assert peer.accepted.results == {1: 3, 3: 0}
    peer.release()


# --- On a new association --------------------------------------------------------------------------------------------


@pytest.mark.requirement("SCP-004", "SCP-026", "SCP-032", "SCP-033", "SCP-059", "SIL-010", "SIL-088", "DIF-009")
@pytest.mark.parametrize("preset", ["standard", "annex-f"])
def test_scp_024_scp_027_what_is_left_goes_over_one_new_association(make_server: Callable[..., Isocenter], preset: str) -> None:
    with Listener() as listener:
        server = make_server(with_settings(preset=preset, peers={"MODALITY": listener.port}, notification_quiet_time="1 min"))
        instance = dd.generate()
        store_well(server, [instance])
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        transactions = [ask(peer, of([instance])) for _ in range(3)]
        peer.release()
        assert [listener.next().transaction for _ in transactions] == transactions
        assert listener.released.acquire(timeout=30)
        assert [len(came) for came in listener.associations] == [3]
        (body,) = listener.requests
        assert titles_of(body) == ("MODALITY", server.store_title)
        proposed = [(one.abstract_syntax, one.transfer_syntaxes) for one in read_proposals(body)]
        assert proposed == [(VERIFICATION, (dd.IMPLICIT,)), (COMMITMENT, (dd.IMPLICIT,)), (COMMITMENT, (dd.EXPLICIT,))]
        assert roles_of(body) == {COMMITMENT: (0, 1)}
        wait_until(lambda: pending(server) == 0, "no notification that waits")


def test_pynetdicom_is_told_on_an_association_of_ours(make_server: Callable[..., Isocenter]) -> None:
    told: queue.Queue[tuple[int, Dataset]] = queue.Queue()

    def on_event(event: evt.Event) -> tuple[int, None]:
        told.put((event.event_type, event.event_information))
        return 0x0000, None

    (port,) = free_ports(1)
    listening = AE("MODALITY")
    listening.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
    scp = listening.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, on_event)])
    try:
        server = make_server(with_settings(peers={"MODALITY": port}, notification_on_new_association=True))
        instance = dd.generate()
        store_well(server, [instance])
        asking = AE("MODALITY")
        asking.add_requested_context(StorageCommitmentPushModel)
        asking.add_requested_context(CTImageStorage)
        association = asking.associate(*server.store_address, ae_title=server.store_title)
        transaction = transaction_uid()
        status, _ = association.send_n_action(request(transaction, of([instance])), 1, UID(COMMITMENT), UID(COMMITMENT_INSTANCE))
        assert status.Status == 0x0000
        event_type, information = told.get(timeout=30)
        assert (event_type, information.TransactionUID) == (1, transaction)
        association.release()
    finally:
        scp.shutdown()


@pytest.mark.requirement("CFG-018")
def test_scp_031_always_a_new_association(make_server: Callable[..., Isocenter], listener: Listener) -> None:
    server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_on_new_association=True))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transaction = ask(peer, ONE)
    assert listener.next().transaction == transaction
    # Nothing came on this one.
    assert peer.echo() == 0x0000
    peer.release()


def test_scp_006_one_association_at_a_time(make_server: Callable[..., Isocenter]) -> None:
    with Listener(["silence"]) as one, Listener() as other:
        peers = {"HANGS": one.port, "ANSWERS": other.port}
        server = make_server(with_settings(peers=peers, notification_quiet_time="1 min", notification_response_timeout="1 s"))
        asking = [server.storage_peer(asking_contexts(), title) for title in peers]
        transactions = [ask(peer, ONE) for peer in asking]
        Listener.open_most = 0
        for peer in asking:
            peer.release()
        assert [one.next().transaction, other.next().transaction] == transactions
        assert one.next().transaction == transactions[0]
        assert Listener.open_most == 1


def test_scp_025_another_association_of_the_peer_is_not_used(make_server: Callable[..., Isocenter]) -> None:
    with Listener() as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_quiet_time="1 min"))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        another = server.storage_peer(asking_contexts(), "MODALITY")
        transaction = ask(peer, ONE)
        peer.abort()
        assert listener.next().transaction == transaction
        assert another.echo() == 0x0000
        another.release()


@pytest.mark.requirement("SCP-059")
def test_scp_030_a_release_in_place_of_the_answer(make_server: Callable[..., Isocenter], listener: Listener) -> None:
    server = make_server(with_settings(peers={"MODALITY": listener.port}))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transaction = ask(peer, ONE)
    assert read_notification(peer, answer=None).transaction == transaction
    peer.release()
    assert listener.next().transaction == transaction
    assert server.wait_for_log(rf"sent again on a new one.*{re.escape(transaction)}")


@pytest.mark.requirement("SCP-059", "SCP-069", "SCP-071")
@pytest.mark.parametrize("end", ["abort", "close", "half a PDU"])
def test_scp_072_a_lost_association(make_server: Callable[..., Isocenter], listener: Listener, end: str) -> None:
    server = make_server(with_settings(peers={"MODALITY": listener.port}) | {"network": {"between-packets-timeout": "1 s"}})
    instance = dd.generate()
    peer = server.storage_peer(asking_contexts([instance]), "MODALITY")
    assert peer.store(instance) == 0x0000
    transaction = ask(peer, of([instance]))
    read_notification(peer, answer=None)
    if end == "abort":
        peer.abort()
    elif end == "close":
        peer.close()
    else:
        peer.send(bytes([4, 0, 0, 0]))
        assert isinstance(peer.expect_abort(), Aborted)
    notified = listener.next()
    assert (notified.transaction, notified.committed) == (transaction, of([instance]))


def test_scp_070_a_notification_that_is_not_answered_in_time(make_server: Callable[..., Isocenter]) -> None:
    with Listener(["silence"]) as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_response_timeout="1 s"))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        transaction = ask(peer, ONE)
        read_notification(peer, answer=None)
        assert isinstance(peer.expect_abort(), Aborted)
        peer.close()
        # The new association fares no better, the next one does.
        assert [listener.next().transaction for _ in range(2)] == [transaction, transaction]
        assert [len(came) for came in listener.associations] == [1, 1]


def test_scp_069_a_peer_that_falls_silent_is_aborted_and_told_all_the_same(make_server: Callable[..., Isocenter], listener: Listener) -> None:
    server = make_server(with_settings(peers={"MODALITY": listener.port}, idle_timeout="1 s", notification_quiet_time="1 min"))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transaction = ask(peer, ONE)
    assert isinstance(peer.expect_abort(), Aborted)
    peer.close()
    assert listener.next().transaction == transaction


@pytest.mark.requirement("SCP-029", "SCP-028", "DIF-005")
def test_scp_068_a_failure_status_ends_the_batch_and_is_tried_again(make_server: Callable[..., Isocenter]) -> None:
    with Listener([0x0110]) as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_quiet_time="1 min"))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        first, second = ask(peer, ONE), ask(peer, ONE)
        peer.release()
        came = [listener.next().transaction for _ in range(3)]
        assert sorted(came) == sorted([first, first, second]) and came[0] == first
        assert " ERROR " in server.wait_for_log(rf"refused a storage commitment notification.*{re.escape(first)}.*0110H")
        # The association on which it failed carried nothing more.
        assert [one.transaction for one in listener.associations[0]] == [first]


def test_scp_068_a_failure_status_on_the_first_association_counts_as_an_attempt(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(with_settings(notification_attempts=1))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transaction = ask(peer, ONE)
    read_notification(peer, answer=0x0110)
    server.wait_for_log(rf"gave up a storage commitment notification.*{re.escape(transaction)}")
    assert peer.echo() == 0x0000
    peer.release()
    wait_until(lambda: pending(server) == 0, "no notification that waits")


def test_dif_005_a_refused_notification_can_be_given_up_at_once(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(with_settings(notification_refused="give-up"))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transaction = ask(peer, ONE)
    read_notification(peer, answer=0x0110)
    server.wait_for_log(rf"gave up a storage commitment notification.*{re.escape(transaction)}")
    peer.release()


@pytest.mark.requirement("CFG-019", "CFG-020", "SIL-090")
def test_scp_029_so_many_attempts_and_no_more(make_server: Callable[..., Isocenter]) -> None:
    with Listener(["abort"] * 9) as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_attempts=3, notification_on_new_association=True))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        transaction = ask(peer, ONE)
        peer.release()
        assert [listener.next().transaction for _ in range(3)] == [transaction] * 3
        assert " ERROR " in server.wait_for_log(rf"gave up a storage commitment notification.*{re.escape(transaction)}")
        wait_until(lambda: pending(server) == 0, "no notification that waits")
        assert listener.came.empty()


def test_sil_010_a_peer_that_does_not_speak_of_roles_is_told(make_server: Callable[..., Isocenter]) -> None:
    with Listener(roles=None) as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_on_new_association=True))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        transaction = ask(peer, ONE)
        peer.release()
        assert listener.next().transaction == transaction


@pytest.mark.parametrize("refusal", ["rejected", "role denied"])
def test_a_peer_that_does_not_let_us_in_is_asked_again(make_server: Callable[..., Isocenter], refusal: str) -> None:
    with Listener(reject=1 if refusal == "rejected" else 0, roles=refusal == "rejected") as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_on_new_association=True))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        transaction = ask(peer, ONE)
        peer.release()
        assert " ERROR " in server.wait_for_log("cannot deliver storage commitment notifications: .*(rejected|as its SCP)")
        listener.roles = True
        assert listener.next().transaction == transaction


def test_scp_026_a_peer_that_is_not_configured_is_named_in_the_log(make_server: Callable[..., Isocenter], listener: Listener) -> None:
    server = make_server(with_settings())
    peer = server.storage_peer(asking_contexts(), "STRANGER")
    transaction = ask(peer, ONE)
    peer.abort()
    line = server.wait_for_log("cannot deliver storage commitment notifications: no \\[\\[peer\\]\\]")
    assert "STRANGER" in line
    # An operator who reads it need not restart anything.
    server.configure(with_settings(peers={"STRANGER": listener.port}))
    server.signal(signal.SIGHUP)
    assert listener.next().transaction == transaction


@pytest.mark.requirement("SCP-029")
def test_sil_090_a_peer_that_is_down_for_the_first_attempts(make_server: Callable[..., Isocenter]) -> None:
    (port,) = free_ports(1)
    server = make_server(with_settings(peers={"MODALITY": port}, notification_on_new_association=True, notification_attempts=100))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    transactions = [ask(peer, ONE) for _ in range(3)]
    peer.release()
    wait_until(lambda: server.log().count("cannot deliver storage commitment notifications: cannot connect") >= 2, "two attempts")
    with Listener(port=port) as listener:
        assert sorted(listener.next().transaction for _ in transactions) == sorted(transactions)


@pytest.mark.parametrize("moment", ["not sent", "not answered", "peer down"])
def test_sil_090_notifications_survive_a_killed_server(make_server: Callable[..., Isocenter], moment: str) -> None:
    (port,) = free_ports(1)
    quiet = "1 min" if moment == "not sent" else "0 s"
    down = moment == "peer down"
    server = make_server(with_settings(peers={"MODALITY": port}, notification_quiet_time=quiet, notification_on_new_association=down))
    instance = dd.generate()
    peer = server.storage_peer(asking_contexts([instance]), "MODALITY")
    assert peer.store(instance) == 0x0000
    transaction = ask(peer, of([instance]))
    if moment == "not answered":
        read_notification(peer, answer=None)
    elif down:
        server.wait_for_log("cannot deliver storage commitment notifications")
    server.kill()
    peer.close()
    with Listener(port=port) as listener:
        server.start()
        notified = listener.next()
        assert (notified.transaction, notified.committed) == (transaction, of([instance]))
        assert listener.released.acquire(timeout=30)
        wait_until(lambda: pending(server) == 0, "no notification that waits")


def test_a_notification_that_is_delivered_is_not_repeated_after_a_restart(make_server: Callable[..., Isocenter]) -> None:
    with Listener() as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        ask(peer, ONE)
        read_notification(peer)
        peer.release()
        wait_until(lambda: pending(server) == 0, "no notification that waits")
        server.restart()
        transaction = ask(peer := server.storage_peer(asking_contexts(), "MODALITY"), ONE)
        peer.abort()
        assert listener.next().transaction == transaction


def test_one_peer_that_hangs_does_not_hold_up_the_stop(make_server: Callable[..., Isocenter]) -> None:
    with Listener(["silence"]) as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_on_new_association=True))
        peer = server.storage_peer(asking_contexts(), "MODALITY")
        ask(peer, ONE)
        peer.release()
        listener.next()
        assert server.stop() == 0
        assert pending(server) == 1


def test_a_damaged_notification_is_set_aside(make_server: Callable[..., Isocenter], listener: Listener) -> None:
    server = make_server(with_settings(peers={"MODALITY": listener.port}, notification_quiet_time="1 min"))
    peer = server.storage_peer(asking_contexts(), "MODALITY")
    ask(peer, ONE)
    (path,) = (server.data / "commitment" / "pending").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    last = ask(peer, ONE)
    peer.release()
    assert listener.next().transaction == last
    server.wait_for_log("cannot be read back: set aside")
    assert len(list((server.data / "commitment" / "set-aside").iterdir())) == 1


# --- The tool for service staff --------------------------------------------------------------------------------------


@pytest.mark.requirement("SCP-001", "SCP-004", "DIF-023")
def test_scp_034_echo_as_storage_scp(make_server: Callable[..., Isocenter]) -> None:
    with Listener() as listener:
        server = make_server(with_settings(peers={"MODALITY": listener.port}), start=False)
        echoed = server.run("echo", "--storage-scp", "MODALITY")
        assert echoed.returncode == 0, echoed.stderr
        (body,) = listener.requests
        assert titles_of(body) == ("MODALITY", server.store_title)
        assert roles_of(body) == {COMMITMENT: (0, 1)}
    assert server.run("echo", "--storage-scp", "MODALITY").returncode != 0
