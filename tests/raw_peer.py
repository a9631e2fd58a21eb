"""A peer that speaks PS3.8 and PS3.7 in bytes.

Nothing here is taken from a DICOM library, so that a test can send what no library would: PDUs cut anywhere,
items that lie about their length, data sets that are not data sets. Whatever a test sends goes out as it is, and
data sets come back as the bytes that arrived.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
VERIFICATION = "1.2.840.10008.1.1"

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)

# Command fields (PS3.7 E.1).
C_STORE_RQ, C_STORE_RSP = 0x0001, 0x8001
C_GET_RQ, C_GET_RSP = 0x0010, 0x8010
C_FIND_RQ, C_FIND_RSP = 0x0020, 0x8020
C_MOVE_RQ, C_MOVE_RSP = 0x0021, 0x8021
C_ECHO_RQ, C_ECHO_RSP = 0x0030, 0x8030
C_CANCEL_RQ = 0x0FFF

NO_DATA_SET = 0x0101

# The command elements that these tests speak of: name, element number, VR (PS3.7 E.1).
_COMMAND_ELEMENTS = [
    ("affected_sop_class", 0x0002, "UI"),
    ("requested_sop_class", 0x0003, "UI"),
    ("command_field", 0x0100, "US"),
    ("message_id", 0x0110, "US"),
    ("responded_to", 0x0120, "US"),
    ("move_destination", 0x0600, "AE"),
    ("priority", 0x0700, "US"),
    ("data_set_type", 0x0800, "US"),
    ("status", 0x0900, "US"),
    ("offending_element", 0x0901, "AT"),
    ("error_comment", 0x0902, "LO"),
    ("affected_sop_instance", 0x1000, "UI"),
    ("requested_sop_instance", 0x1001, "UI"),
    ("event_type", 0x1002, "US"),
    ("action_type", 0x1008, "US"),
    ("remaining", 0x1020, "US"),
    ("completed", 0x1021, "US"),
    ("failed", 0x1022, "US"),
    ("warning", 0x1023, "US"),
    ("move_originator", 0x1030, "AE"),
    ("move_originator_message_id", 0x1031, "US"),
]
_ELEMENT_OF = {name: (number, vr) for name, number, vr in _COMMAND_ELEMENTS}
_NAME_OF = {number: (name, vr) for name, number, vr in _COMMAND_ELEMENTS}


class PeerClosed(Exception):
    """The other side closed the connection."""


class Unexpected(AssertionError):
    """Something came that the test did not ask for."""


class OtherPdu(Unexpected):
    """A PDU came where P-DATA-TF was due."""

    def __init__(self, got: Pdu) -> None:
        super().__init__(f"{got} instead of P-DATA-TF")
        self.pdu = got


# --- PDUs ----------------------------------------------------------------------------------------------------------


@dataclass
class Pdu:
    """One PDU: its type and the bytes behind the six of its header."""

    type: int
    body: bytes

    def __str__(self) -> str:
        names = ["?", "A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "A-ASSOCIATE-RJ", "P-DATA-TF", "A-RELEASE-RQ", "A-RELEASE-RP", "A-ABORT"]
        name = names[self.type] if self.type < len(names) else f"PDU {self.type:02X}H"
        return f"{name} {self.body[:32].hex(' ')}"


def pdu(pdu_type: int, body: bytes) -> bytes:
    """A PDU with a true length."""
    return struct.pack(">BBL", pdu_type, 0, len(body)) + body


def item(item_type: int, body: bytes) -> bytes:
    """An item or sub-item of the association PDUs with a true length."""
    return struct.pack(">BBH", item_type, 0, len(body)) + body


def title(text: str) -> bytes:
    """An AE title in the sixteen bytes that PS3.8 gives it."""
    return text.encode("ascii").ljust(16)


@dataclass(frozen=True)
class Proposed:
    """A presentation context as it is proposed."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...] = (IMPLICIT,)


def contexts(*pairs: tuple[str, Iterable[str]]) -> list[Proposed]:
    """Presentation contexts with the ids 1, 3, 5 … for (abstract syntax, transfer syntaxes)."""
    return [Proposed(2 * index + 1, abstract, tuple(syntaxes)) for index, (abstract, syntaxes) in enumerate(pairs)]


def maximum_length(length: int) -> bytes:
    """PS3.8 D.1."""
    return item(0x51, struct.pack(">L", length))


def implementation_class(uid: str) -> bytes:
    """PS3.7 D.3.3.2."""
    return item(0x52, uid.encode())


def asynchronous_operations_window(invoked: int, performed: int) -> bytes:
    """PS3.7 D.3.3.3."""
    return item(0x53, struct.pack(">HH", invoked, performed))


def role_selection(sop_class: str, scu: int, scp: int) -> bytes:
    """PS3.7 D.3.3.4."""
    return item(0x54, struct.pack(">H", len(sop_class)) + sop_class.encode() + bytes([scu, scp]))


def extended_negotiation(sop_class: str, information: bytes) -> bytes:
    """PS3.7 D.3.3.5."""
    return item(0x56, struct.pack(">H", len(sop_class)) + sop_class.encode() + information)


def common_extended_negotiation(sop_class: str, service_class: str) -> bytes:
    """PS3.7 D.3.3.6, without related general SOP classes."""
    uids = b"".join(struct.pack(">H", len(uid)) + uid.encode() for uid in (sop_class, service_class))
    return item(0x57, uids + bytes(2))


def user_identity(name: str, passcode: str | None = None, positive_response: bool = False) -> bytes:
    """PS3.7 D.3.3.7."""
    kind = 1 if passcode is None else 2
    first, second = name.encode(), (passcode or "").encode()
    body = bytes([kind, positive_response]) + struct.pack(">H", len(first)) + first
    return item(0x58, body + struct.pack(">H", len(second)) + second)


def associate_rq(
    called: str,
    calling: str,
    proposed: Iterable[Proposed],
    *,
    maximum: int | None = 65536,
    user_items: bytes = b"",
    application_context: str = APPLICATION_CONTEXT,
    protocol_version: int = 1,
) -> bytes:
    """An A-ASSOCIATE-RQ PDU (PS3.8 9.3.2)."""
    body = struct.pack(">HH", protocol_version, 0) + title(called) + title(calling) + bytes(32)
    body += item(0x10, application_context.encode())
    for one in proposed:
        syntaxes = b"".join(item(0x40, syntax.encode()) for syntax in one.transfer_syntaxes)
        body += item(0x20, bytes([one.id, 0, 0, 0]) + item(0x30, one.abstract_syntax.encode()) + syntaxes)
    information = b"" if maximum is None else maximum_length(maximum)
    information += implementation_class("1.2.826.0.1.3680043.8.498.1") + item(0x55, b"RAW_PEER")
    body += item(0x50, information + user_items)
    return pdu(ASSOCIATE_RQ, body)


def read_items(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The items that stand one behind the other in `body`."""
    at = 0
    while at < len(body):
        item_type, _, length = struct.unpack_from(">BBH", body, at)
        yield item_type, body[at + 4 : at + 4 + length]
        at += 4 + length


@dataclass
class Accepted:
    """What an A-ASSOCIATE-AC says."""

    called: str
    calling: str
    application_context: str = ""
    results: dict[int, int] = field(default_factory=dict)
    syntaxes: dict[int, str] = field(default_factory=dict)
    maximum_length: int = 0
    implementation_class: str = ""
    implementation_version: str = ""
    window: tuple[int, int] | None = None
    roles: dict[str, tuple[int, int]] = field(default_factory=dict)
    extended: dict[str, bytes] = field(default_factory=dict)
    other_items: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, body: bytes) -> Accepted:
        """Parses the body of an A-ASSOCIATE-AC (PS3.8 9.3.3)."""
        accepted = cls(body[4:20].decode().strip(), body[20:36].decode().strip())
        for item_type, value in read_items(body[68:]):
            if item_type == 0x10:
                accepted.application_context = value.decode().rstrip("\0")
            elif item_type == 0x21:
                accepted.results[value[0]] = value[2]
                for sub_type, sub in read_items(value[4:]):
                    if sub_type == 0x40:
                        accepted.syntaxes[value[0]] = sub.decode().rstrip("\0")
            elif item_type == 0x50:
                accepted._read_user_information(value)
            else:
                accepted.other_items.append(item_type)
        return accepted

    def _read_user_information(self, information: bytes) -> None:
        for item_type, value in read_items(information):
            if item_type == 0x51:
                (self.maximum_length,) = struct.unpack(">L", value)
            elif item_type == 0x52:
                self.implementation_class = value.decode().rstrip("\0")
            elif item_type == 0x53:
                self.window = struct.unpack(">HH", value)
            elif item_type == 0x54:
                (length,) = struct.unpack_from(">H", value)
                self.roles[value[2 : 2 + length].decode()] = (value[-2], value[-1])
            elif item_type == 0x55:
                self.implementation_version = value.decode().strip()
            elif item_type == 0x56:
                (length,) = struct.unpack_from(">H", value)
                self.extended[value[2 : 2 + length].decode()] = value[2 + length :]
            else:
                self.other_items.append(item_type)


@dataclass(frozen=True)
class Rejected:
    """What an A-ASSOCIATE-RJ says."""

    result: int
    source: int
    reason: int

    def __str__(self) -> str:
        return f"{self.result}/{self.source}/{self.reason}"


@dataclass(frozen=True)
class Aborted:
    """What an A-ABORT says."""

    source: int
    reason: int


# --- Command sets --------------------------------------------------------------------------------------------------


def command_set(**fields: int | str) -> bytes:
    """A command set, Implicit VR Little Endian, with its group length (PS3.7 6.3.1)."""
    encoded = b""
    for number, name, vr in sorted((_ELEMENT_OF[name][0], name, _ELEMENT_OF[name][1]) for name in fields):
        value = fields[name]
        if vr == "US":
            raw = struct.pack("<H", value)
        elif vr == "UI":
            raw = str(value).encode() + b"\0" * (len(str(value)) % 2)
        else:
            raw = str(value).encode() + b" " * (len(str(value)) % 2)
        encoded += struct.pack("<HHL", 0, number, len(raw)) + raw
    return struct.pack("<HHLL", 0, 0, 4, len(encoded)) + encoded


class Command(dict):
    """A command set by the names of its elements; `command.status` reads an element that must be there."""

    def __getattr__(self, name: str) -> int | str:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the command has no {name}: {dict(self)}") from None

    @classmethod
    def read(cls, encoded: bytes) -> Command:
        """Parses a command set; elements without a name here are left out."""
        command, at = cls(), 0
        while at < len(encoded):
            group, number, length = struct.unpack_from("<HHL", encoded, at)
            raw = encoded[at + 8 : at + 8 + length]
            at += 8 + length
            if group != 0:
                raise Unexpected(f"element of group {group:04X} in a command set")
            if number not in _NAME_OF:
                continue
            name, vr = _NAME_OF[number]
            if vr == "US":
                command[name] = struct.unpack("<H", raw)[0]
            elif vr == "AT":
                command[name] = [pair for pair in struct.iter_unpack("<HH", raw)]
            else:
                command[name] = raw.decode("utf-8", "replace").rstrip(" \0")
        return command


@dataclass
class Message:
    """A DIMSE message: its context, its command, and the bytes of its data set, if it has one."""

    context: int
    command: Command
    data_set: bytes | None


def pdvs(context: int, command: bytes, data_set: bytes | None, fragment: int) -> list[bytes]:
    """The PDVs of a message, each with at most `fragment` bytes of the message (PS3.8 9.3.5.1, annex E)."""
    found = []
    for is_command, whole in ((1, command), (0, data_set)):
        if whole is None:
            continue
        pieces = [whole[at : at + fragment] for at in range(0, len(whole), fragment)] or [b""]
        for index, piece in enumerate(pieces):
            header = is_command | (2 if index == len(pieces) - 1 else 0)
            found.append(struct.pack(">LBB", len(piece) + 2, context, header) + piece)
    return found


# --- The connection ------------------------------------------------------------------------------------------------


class Connection:
    """PDUs and messages over one TCP connection, on either side of it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.peer_maximum = 16384
        self._pending: list[tuple[int, int, bytes]] = []

    def send(self, data: bytes, piece: int | None = None) -> None:
        """Sends `data` as it is; with `piece`, in TCP segments of so many bytes."""
        if piece is None:
            self.socket.sendall(data)
            return
        for at in range(0, len(data), piece):
            self.socket.sendall(data[at : at + piece])

    def _read_exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            try:
                got = self.socket.recv(min(count - len(data), 1 << 20))
            except ConnectionResetError:
                got = b""
            if not got:
                raise PeerClosed(f"closed after {len(data)} of {count} bytes")
            data += got
        return bytes(data)

    def read_pdu(self) -> Pdu:
        """The next PDU; raises `PeerClosed` where there is none."""
        pdu_type, _, length = struct.unpack(">BBL", self._read_exactly(6))
        return Pdu(pdu_type, self._read_exactly(length))

    def expect_close(self) -> None:
        """Waits until the other side closes; anything that it still sends is an error."""
        try:
            left = self.socket.recv(4096)
        except ConnectionResetError:
            return
        if left:
            raise Unexpected(f"bytes instead of the close: {left[:64].hex(' ')}")

    def expect_abort(self) -> Aborted:
        """Reads up to an A-ABORT, over P-DATA that was on its way."""
        while True:
            got = self.read_pdu()
            if got.type == ABORT:
                return Aborted(got.body[2], got.body[3])
            if got.type != P_DATA:
                raise Unexpected(f"{got} instead of an A-ABORT")

    def abort(self) -> None:
        """Sends an A-ABORT of the service-user and closes."""
        self.socket.sendall(pdu(ABORT, bytes(4)))
        self.close()

    def close(self) -> None:
        """Closes the connection, saying nothing."""
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Messages.

    def send_message(self, context: int, command: bytes, data_set: bytes | None = None, fragment: int | None = None) -> None:
        """Sends a message, one PDV in a PDU, each as long as the other side takes."""
        largest = min(self.peer_maximum or 1 << 20, 1 << 20) - 6
        self.send(b"".join(pdu(P_DATA, pdv) for pdv in pdvs(context, command, data_set, fragment or largest)))

    def _next_pdv(self) -> tuple[int, int, bytes]:
        while not self._pending:
            got = self.read_pdu()
            if got.type != P_DATA:
                raise OtherPdu(got)
            at = 0
            while at < len(got.body):
                length, context, header = struct.unpack_from(">LBB", got.body, at)
                self._pending.append((context, header, got.body[at + 6 : at + 4 + length]))
                at += 4 + length
        return self._pending.pop(0)

    def _read_fragments(self, is_command: int, sink: Callable[[bytes], None]) -> int:
        while True:
            context, header, piece = self._next_pdv()
            if header & 1 != is_command:
                raise Unexpected("a fragment of a command where a data set is due, or the other way round")
            sink(piece)
            if header & 2:
                return context

    def read_message(self, sink: Callable[[bytes], None] | None = None) -> Message:
        """The next message. With a `sink` the data set goes there, piece by piece, and is not kept."""
        encoded = bytearray()
        context = self._read_fragments(1, encoded.extend)
        command = Command.read(bytes(encoded))
        if command.data_set_type == NO_DATA_SET:
            return Message(context, command, None)
        data_set = bytearray()
        self._read_fragments(0, sink or data_set.extend)
        return Message(context, command, bytes(data_set))


class RawPeer(Connection):
    """The requestor of an association."""

    def __init__(self, address: tuple[str, int], timeout: float = 30.0, source: str = "") -> None:
        super().__init__(socket.create_connection(address, timeout, (source, 0) if source else None))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted: Accepted | None = None
        self.proposed: dict[int, Proposed] = {}
        self._message_id = 0

    def request(self, called: str, calling: str, proposed: Iterable[Proposed], **options: object) -> Accepted | Rejected | Aborted:
        """Asks for an association and says what came of it."""
        proposed = list(proposed)
        self.proposed = {one.id: one for one in proposed}
        self.send(associate_rq(called, calling, proposed, **options))
        return self.read_answer()

    def read_answer(self) -> Accepted | Rejected | Aborted:
        """Reads the answer to an A-ASSOCIATE-RQ."""
        answer = self.read_pdu()
        if answer.type == ASSOCIATE_AC:
            self.accepted = Accepted.read(answer.body)
            self.peer_maximum = self.accepted.maximum_length
            return self.accepted
        if answer.type == ASSOCIATE_RJ:
            return Rejected(*answer.body[1:4])
        if answer.type == ABORT:
            return Aborted(answer.body[2], answer.body[3])
        raise Unexpected(f"{answer} in answer to an A-ASSOCIATE-RQ")

    def associate(self, called: str, calling: str, proposed: Iterable[Proposed], **options: object) -> RawPeer:
        """Asks for an association that has to be accepted."""
        answer = self.request(called, calling, proposed, **options)
        if not isinstance(answer, Accepted):
            raise Unexpected(f"association not accepted: {answer}")
        return self

    def release(self) -> None:
        """Releases the association and closes the connection."""
        self.send(pdu(RELEASE_RQ, bytes(4)))
        answer = self.read_pdu()
        if answer.type != RELEASE_RP:
            raise Unexpected(f"{answer} in answer to an A-RELEASE-RQ")
        self.close()

    def context_for(self, abstract_syntax: str, transfer_syntax: str | None = None) -> int:
        """The id of an accepted context."""
        assert self.accepted is not None
        for id_, one in self.proposed.items():
            if one.abstract_syntax == abstract_syntax and self.accepted.results.get(id_) == 0:
                if transfer_syntax is None or self.accepted.syntaxes[id_] == transfer_syntax:
                    return id_
        raise Unexpected(f"no accepted context for {abstract_syntax} in {transfer_syntax}: {self.accepted.results}")

    def next_message_id(self) -> int:
        """A message ID that was not used yet."""
        self._message_id += 1
        return self._message_id

    # Operations.

    def echo(self) -> int:
        """C-ECHO; its status."""
        message_id = self.next_message_id()
        command = command_set(affected_sop_class=VERIFICATION, command_field=C_ECHO_RQ, message_id=message_id, data_set_type=NO_DATA_SET)
        self.send_message(self.context_for(VERIFICATION), command)
        response = self.read_message().command
        assert response.command_field == C_ECHO_RSP and response.responded_to == message_id
        return response.status

    def store_command(self, sop_class: str, sop_instance: str, message_id: int | None = None) -> bytes:
        """The command set of a C-STORE-RQ."""
        return command_set(
            affected_sop_class=sop_class,
            command_field=C_STORE_RQ,
            message_id=self.next_message_id() if message_id is None else message_id,
            priority=0,
            data_set_type=1,
            affected_sop_instance=sop_instance,
        )

    def store_response(self, sop_class: str, sop_instance: str, data_set: bytes, context: int, fragment: int | None = None) -> Command:
        """C-STORE of exactly these bytes; its response, which has to repeat the request's ids."""
        message_id = self.next_message_id()
        self.send_message(context, self.store_command(sop_class, sop_instance, message_id), data_set, fragment)
        response = self.read_message().command
        assert response.command_field == C_STORE_RSP and response.responded_to == message_id
        return response

    def store(self, instance: object, context: int | None = None, fragment: int | None = None) -> int:
        """C-STORE of a generated instance; the status."""
        if context is None:
            context = self.context_for(instance.sop_class, instance.transfer_syntax)
        return self.store_response(instance.sop_class, instance.sop_instance, instance.encoded, context, fragment).status

    def _query_command(self, field: int, sop_class: str, message_id: int, **more: int | str) -> bytes:
        return command_set(affected_sop_class=sop_class, command_field=field, message_id=message_id, priority=0, data_set_type=1, **more)

    def start_find(self, model: str, identifier: bytes) -> int:
        """Sends a C-FIND-RQ; its message ID."""
        message_id = self.next_message_id()
        self.send_message(self.context_for(model), self._query_command(C_FIND_RQ, model, message_id), identifier)
        return message_id

    def start_move(self, model: str, identifier: bytes, destination: str) -> int:
        """Sends a C-MOVE-RQ; its message ID."""
        message_id = self.next_message_id()
        command = self._query_command(C_MOVE_RQ, model, message_id, move_destination=destination)
        self.send_message(self.context_for(model), command, identifier)
        return message_id

    def start_get(self, model: str, identifier: bytes) -> int:
        """Sends a C-GET-RQ; its message ID."""
        message_id = self.next_message_id()
        self.send_message(self.context_for(model), self._query_command(C_GET_RQ, model, message_id), identifier)
        return message_id

    def cancel(self, message_id: int, context: int) -> None:
        """Sends a C-CANCEL-RQ."""
        command = command_set(command_field=C_CANCEL_RQ, responded_to=message_id, data_set_type=NO_DATA_SET)
        self.send_message(context, command)

    def responses(self, message_id: int) -> Iterator[Message]:
        """The responses of C-FIND or C-MOVE, the last one included."""
        while True:
            message = self.read_message()
            assert message.command.responded_to == message_id, message
            yield message
            if message.command.status not in (0xFF00, 0xFF01):
                return

    def find(self, model: str, identifier: bytes) -> tuple[list[tuple[int, bytes]], Command]:
        """C-FIND: the pending statuses with their identifiers, and the last response."""
        *pending, last = self.responses(self.start_find(model, identifier))
        assert last.data_set is None, "the final C-FIND response carries an identifier"
        return [(message.command.status, message.data_set) for message in pending], last.command

    def move(self, model: str, identifier: bytes, destination: str) -> list[Message]:
        """C-MOVE: all responses."""
        return list(self.responses(self.start_move(model, identifier, destination)))

    def get(
        self,
        model: str,
        identifier: bytes,
        answer: Callable[[Message], int] = lambda _: 0x0000,
    ) -> tuple[list[Message], list[Message]]:
        """C-GET: the C-STORE requests that came, each answered with what `answer` says, and the C-GET responses."""
        message_id = self.start_get(model, identifier)
        stored, responses = [], []
        while True:
            message = self.read_message()
            if message.command.command_field == C_STORE_RQ:
                stored.append(message)
                self.send_message(message.context, store_rsp(message.command, answer(message)))
                continue
            assert message.command.command_field == C_GET_RSP and message.command.responded_to == message_id
            responses.append(message)
            if message.command.status != 0xFF00:
                return stored, responses


def store_rsp(request: Command, status: int) -> bytes:
    """The command set of the C-STORE-RSP to a request."""
    return command_set(
        affected_sop_class=request.affected_sop_class,
        command_field=C_STORE_RSP,
        responded_to=request.message_id,
        data_set_type=NO_DATA_SET,
        status=status,
        affected_sop_instance=request.affected_sop_instance,
    )


# --- A destination -------------------------------------------------------------------------------------------------


class RawDestination:
    """A Storage SCP that accepts any context in its first transfer syntax and hands on the bytes it gets.

    `on_store(message, transfer_syntax)` returns the status; `on_bytes` takes the pieces of data sets where they are
    too large to be kept.
    """

    def __init__(
        self,
        on_store: Callable[[Message, str], int] | None = None,
        on_bytes: Callable[[bytes], None] | None = None,
        accept: Callable[[Proposed], bool] = lambda _: True,
        answer_request: Callable[[Connection, bytes], bool] | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self.received: list[tuple[Message, str]] = []
        self.requests: list[bytes] = []
        self.proposals: list[list[Proposed]] = []
        self.failures: list[BaseException] = []
        self.released = 0
        self._on_store, self._on_bytes, self._accept = on_store, on_bytes, accept
        self._answer_request = answer_request
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._arrived = threading.Condition()
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> RawDestination:
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes the accept() that waits for the next connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        assert not self.failures, self.failures

    def wait_for(self, count: int, timeout: float = 60.0) -> None:
        """Waits until `count` instances have come."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.received) >= count or self.failures, timeout):
                raise Unexpected(f"{len(self.received)} of {count} instances came")

    def wait_for_release(self, count: int = 1, timeout: float = 60.0) -> None:
        """Waits until `count` associations were released."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self.released >= count or self.failures, timeout):
                raise Unexpected(f"{self.released} of {count} associations were released")

    def data_sets(self) -> dict[str, bytes]:
        """What came: the data set of each SOP Instance UID."""
        return {message.command.affected_sop_instance: message.data_set for message, _ in self.received}

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_one, args=(Connection(connection),), daemon=True).start()

    def _serve_one(self, connection: Connection) -> None:
        try:
            self._serve(connection)
        except (PeerClosed, BrokenPipeError, ConnectionResetError):
            pass
        except BaseException as failure:
            with self._arrived:
                self.failures.append(failure)
                self._arrived.notify_all()
        finally:
            connection.close()

    def _serve(self, connection: Connection) -> None:
        request = connection.read_pdu()
        assert request.type == ASSOCIATE_RQ, request
        self.requests.append(request.body)
        if self._answer_request and not self._answer_request(connection, request.body):
            return
        proposed = read_proposals(request.body)
        self.proposals.append(proposed)
        syntaxes = {}
        results = b""
        for one in proposed:
            result = 0 if self._accept(one) else 3
            syntaxes[one.id] = one.transfer_syntaxes[0]
            results += item(0x21, bytes([one.id, 0, result, 0]) + item(0x40, one.transfer_syntaxes[0].encode()))
        body = request.body[:68] + item(0x10, APPLICATION_CONTEXT.encode()) + results
        body += item(0x50, maximum_length(131072) + implementation_class("1.2.826.0.1.3680043.8.498.2"))
        connection.send(pdu(ASSOCIATE_AC, body))
        while True:
            try:
                message = connection.read_message(self._on_bytes)
            except OtherPdu as other:
                if other.pdu.type == ABORT:
                    return
                if other.pdu.type != RELEASE_RQ:
                    raise
                connection.send(pdu(RELEASE_RP, bytes(4)))
                with self._arrived:
                    self.released += 1
                    self._arrived.notify_all()
                return
            with self._arrived:
                self.received.append((message, syntaxes[message.context]))
                self._arrived.notify_all()
            status = self._on_store(message, syntaxes[message.context]) if self._on_store else 0x0000
            connection.send_message(message.context, store_rsp(message.command, status))


def read_proposals(request: bytes) -> list[Proposed]:
    """The presentation contexts of an A-ASSOCIATE-RQ's body."""
    proposed = []
    for item_type, value in read_items(request[68:]):
        if item_type == 0x20:
            subs = list(read_items(value[4:]))
            abstract = next(sub.decode() for sub_type, sub in subs if sub_type == 0x30)
            proposed.append(Proposed(value[0], abstract, tuple(sub.decode() for sub_type, sub in subs if sub_type == 0x40)))
    return proposed
