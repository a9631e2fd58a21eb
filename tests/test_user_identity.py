"""Who the user is (PS3.7 D.3.3.7): names, passcodes and JSON Web Tokens, as peers send them (SIL-009)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
import signal
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind, Verification

import dicom_data as dd
from raw_peer import VERIFICATION, Accepted, RawPeer, Rejected, contexts, item, user_identity
from server import BINARY, Isocenter, Settings, free_ports, run_command

FAILED = Rejected(1, 2, 1)
CONGESTION = Rejected(2, 3, 1)
ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))
SECRET = b"0123456789abcdef0123456789abcdef"
USER_RESPONSE = 0x59

pytestmark = pytest.mark.requirement("SIL-009")


def hashed(passcode: str) -> str:
    """What `isocenter user hash` prints."""
    result = subprocess.run([str(BINARY), "user", "hash"], input=passcode + "\n", capture_output=True, text=True, check=True)
    return result.stdout.strip()


@pytest.fixture(scope="module")
def sesame() -> str:
    return hashed("open sesame")


def identity(kind: int, primary: bytes, secondary: bytes = b"", response: bool = False) -> bytes:
    body = bytes([kind, response]) + struct.pack(">H", len(primary)) + primary + struct.pack(">H", len(secondary)) + secondary
    return item(0x58, body)


def token(claims: dict[str, object], secret: bytes = SECRET, algorithm: str = "HS256") -> bytes:
    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    message = part(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + b"." + part(json.dumps(claims).encode())
    return message + b"." + part(hmac.new(secret, message, hashlib.sha256).digest())


CLAIMS: dict[str, object] = {"iss": "https://login.example", "aud": "isocenter", "sub": "ann", "exp": 4102444800}


def request(server: Isocenter, items: bytes = b"", scp: str = "query", calling: str = "RAW_SCU", proposed=ECHO) -> Accepted | Rejected:
    address, called = (server.query_address, server.query_title) if scp == "query" else (server.store_address, server.store_title)
    peer = RawPeer(address)
    answer = peer.request(called, calling, proposed, user_items=items)
    if isinstance(answer, Accepted):
        peer.release()
    else:
        peer.close()
    return answer


def settings(sesame: str, demand: str, tmp_path: Path, **more: object) -> Settings:
    key = tmp_path / "token.key"
    key.write_bytes(SECRET + b"\n")
    return {
        "query-retrieve-scp": {"user-identity": demand},
        "user": [{"name": "ann", "passcode-hash": sesame}, {"name": "kiosk", "passcode-hash": "off", "may-find": False}],
        "token-key": [{"algorithm": "HS256", "file": str(key), "issuer": "https://login.example", "audience": "isocenter"}],
        **more,
    }


@pytest.mark.parametrize("preset", ["standard", "annex-f"])
@pytest.mark.parametrize("demand", ["optional", "required"])
def test_what_is_right_is_accepted_and_what_is_wrong_rejected(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path, demand: str, preset: str) -> None:
    server = make_server({"preset": preset, **settings(sesame, demand, tmp_path)})
    without = FAILED if demand == "required" else None
    old = {**CLAIMS, "exp": 1000000000}
    for items, expected, reason in [
        (user_identity("ann", "open sesame"), None, ""),
        (user_identity("kiosk"), None, ""),
        (identity(5, token(CLAIMS)), None, ""),
        (user_identity("ann", "open says me"), FAILED, 'passcode of user "ann" is wrong'),
        (user_identity("ann", ""), FAILED, 'passcode of user "ann" is wrong'),
        (user_identity("ann"), FAILED, 'user "ann" came without the passcode'),
        (user_identity("bob", "open sesame"), FAILED, 'no \\[\\[user\\]\\] has the name "bob"'),
        (user_identity("kiosk", ""), FAILED, "is wrong"),
        (identity(5, token(old)), FAILED, "the token is refused: ExpiredSignature"),
        (identity(5, token(CLAIMS, b"x" * 32)), FAILED, "the token is refused: InvalidSignature"),
        (identity(5, token(CLAIMS, b"", "none")), FAILED, "the token is refused"),
        (identity(5, b"x.y.z"), FAILED, "the token is refused"),
        (identity(5, token({**CLAIMS, "aud": "elsewhere"})), FAILED, "the token is refused: InvalidAudience"),
        (b"", without, "no user identity came"),
        (identity(3, b"ticket"), without, "Kerberos.*not supported"),
        (identity(4, b"<saml/>"), without, "SAML.*not supported"),
        (identity(77, b"ann"), without, "unknown to PS3.7.*not supported"),
        # Malformed: lengths that lie, bytes behind, two of them.
        (item(0x58, b"\1\0\xff\xffann"), FAILED, "cannot be read"),
        (item(0x58, b""), FAILED, "cannot be read"),
        (item(0x58, b"\1\0\0\3ann\0\0extra"), FAILED, "cannot be read"),
        (user_identity("kiosk") + user_identity("ann"), FAILED, "cannot be read, or there are several"),
        # Longer than anything is looked at.
        (identity(1, b"a" * 60000), FAILED, "60000 bytes, and at most"),
        (identity(2, b"ann", b"p" * 60000), FAILED, "60000 bytes, and at most"),
        (identity(5, b"t" * 60000), FAILED, "60000 bytes, and at most"),
    ]:
        log = len(server.log())
        answer = request(server, items)
        if expected:
            assert answer == expected, (items[:80], answer)
            line = server.wait_for_log("rejected association", log)
            assert re.search(reason, line), (reason, line)
            assert "sesame" not in line
        else:
            assert isinstance(answer, Accepted), (items[:80], answer)
    assert isinstance(request(server, scp="store"), Accepted), "the other AE asks for nothing"
    assert isinstance(request(server, user_identity("bob", "wrong"), scp="store"), Accepted), "and ignores what comes"


def test_a_positive_response_comes_when_it_is_asked_for_and_the_identity_is_right(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path) -> None:
    server = make_server(settings(sesame, "optional", tmp_path))

    def is_answered(items: bytes) -> bool:
        answer = request(server, items)
        assert isinstance(answer, Accepted)
        return USER_RESPONSE in answer.other_items

    for kind, primary, secondary in [(1, b"kiosk", b""), (2, b"ann", b"open sesame"), (5, token(CLAIMS), b"")]:
        assert is_answered(identity(kind, primary, secondary, response=True)), kind
        assert not is_answered(identity(kind, primary, secondary)), kind
    # PS3.7 D.3.3.7: who does not support the type accepts and does not answer.
    assert not is_answered(identity(3, b"ticket", response=True))
    server.wait_for_log(r'user="?ann')


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_rights_of_the_user_and_of_the_peer_both_have_to_allow(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path, isolation: str) -> None:
    peer = {"ae-title": "WS1", "host": "127.0.0.1", "port": 104, "may-retrieve": False}
    server = make_server({"isolation": isolation, **settings(sesame, "optional", tmp_path, peer=[peer])})
    proposed = contexts((dd.STUDY_FIND, [dd.IMPLICIT]), (dd.STUDY_MOVE, [dd.IMPLICIT]))
    for items, calling, expected in [
        (user_identity("ann", "open sesame"), "WS1", [0, 1]),
        (user_identity("kiosk"), "WS1", [1, 1]),
        (user_identity("kiosk"), "WS2", [1, 0]),
        (b"", "WS2", [0, 0]),
    ]:
        answer = request(server, items, calling=calling, proposed=proposed)
        assert isinstance(answer, Accepted)
        assert [answer.results[one.id] for one in proposed] == expected, (items, calling)
    server.wait_for_log(r'may-find of \[\[user\]\] "kiosk" is false')


def test_a_flood_of_passcodes_costs_no_more_than_a_few_at_a_time(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path) -> None:
    server = make_server(settings(sesame, "required", tmp_path))
    answers: list[Accepted | Rejected] = []
    flood = [threading.Thread(target=lambda: answers.append(request(server, user_identity("ann", "open sesame")))) for _ in range(10)]
    for one in flood:
        one.start()
    assert isinstance(request(server, scp="store"), Accepted), "others are served meanwhile"
    for one in flood:
        one.join()
    assert len(answers) == 10 and all(isinstance(answer, Accepted) for answer in answers), answers


def test_users_and_keys_are_read_again_on_reload(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path) -> None:
    server = make_server(settings(sesame, "required", tmp_path))
    assert isinstance(request(server, user_identity("ann", "open sesame")), Accepted)
    changed = settings(hashed("another"), "required", tmp_path)

    def reload(text: str) -> None:
        log = len(server.log())
        server.signal(signal.SIGHUP)
        server.wait_for_log(text, log)

    server.configure(changed)
    reload("new settings hold")
    assert request(server, user_identity("ann", "open sesame")) == FAILED
    assert isinstance(request(server, user_identity("ann", "another")), Accepted)
    (tmp_path / "token.key").unlink()
    server.configure({**changed, "query-retrieve-scp": {"user-identity": "off"}})
    reload("kept the settings as they were: cannot read .*token.key")
    assert request(server) == FAILED, "what holds goes on to hold"
    assert "open sesame" not in server.log() and "$argon2" not in server.log()


def test_a_start_without_a_key_that_is_named_says_so(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path) -> None:
    server = make_server(settings(sesame, "required", tmp_path), start=False)
    (tmp_path / "token.key").write_bytes(b"short")
    result = server.run("serve")
    assert result.returncode != 0
    assert "token.key" in result.stderr and "32 bytes at least" in result.stderr, result.stderr


def test_user_hash_prints_what_the_configuration_takes(tmp_path: Path) -> None:
    first, second = hashed("open sesame"), hashed("open sesame")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and first != second
    for empty in ("", "\n"):
        result = subprocess.run([str(BINARY), "user", "hash"], input=empty, capture_output=True, text=True, check=False)
        assert result.returncode != 0 and not result.stdout
    config = tmp_path / "isocenter.toml"
    config.write_text('[[user]]\nname = "ann"\npasscode-hash = "open sesame"\n')
    result = run_command("settings", "--config", str(config))
    assert result.returncode != 0 and "isocenter user hash" in result.stderr
    assert "sesame" not in result.stderr + result.stdout, "a passcode that was mistaken for a hash is not repeated"


# --- Other implementations -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("passcode", "welcome"), [(b"open sesame", True), (b"open says me", False)])
def test_pynetdicom_gives_a_passcode(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path, passcode: bytes, welcome: bool) -> None:
    server = make_server(settings(sesame, "required", tmp_path))
    negotiation = UserIdentityNegotiation()
    negotiation.user_identity_type = 2
    negotiation.positive_response_requested = True
    negotiation.primary_field, negotiation.secondary_field = b"ann", passcode
    client = AE("PYNETDICOM")
    client.add_requested_context(Verification)
    association = client.associate(*server.query_address, ae_title=server.query_title, ext_neg=[negotiation])
    assert association.is_established == welcome
    if welcome:
        response = association.acceptor.user_identity
        assert response is not None and response.server_response == b""
        assert association.send_c_echo().Status == 0x0000
        association.release()
    else:
        assert association.is_rejected


@pytest.mark.parametrize(("passcode", "welcome"), [("open sesame", True), ("open says me", False)])
def test_storescu_gives_a_passcode(make_server: Callable[..., Isocenter], sesame: str, tmp_path: Path, passcode: str, welcome: bool) -> None:
    tool = shutil.which("storescu")
    assert tool, "DCMTK is missing"
    chosen = settings(sesame, "required", tmp_path)
    chosen["storage-scp"] = chosen.pop("query-retrieve-scp")
    server = make_server(chosen)
    file = dd.generate().write(tmp_path / "one.dcm")
    address = ["-aec", server.store_title, "127.0.0.1", str(server.store_port)]
    result = subprocess.run([tool, "-usr", "ann", "-pwd", passcode, "-rsp", *address, str(file)], capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode == 0) == welcome, result.stderr + result.stdout
    assert len(server.vault_files()) == welcome


def test_our_commands_give_the_user_of_the_peer(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    """`isocenter echo` and `find`, and what is exported, name the user that the [[peer]] has."""
    seen: list[tuple[int, bytes, bytes]] = []

    def check(event: evt.Event) -> tuple[bool, bytes | None]:
        seen.append((event.user_id_type, event.primary_field, event.secondary_field))
        return event.secondary_field == b"open sesame", None

    (port,) = free_ports(1)
    acceptor = AE("GUARDED")
    acceptor.add_supported_context(Verification)
    acceptor.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    running = acceptor.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_USER_ID, check)])
    try:
        secret = tmp_path / "passcode"
        secret.write_text("open sesame\n")
        peer = {"ae-title": "GUARDED", "host": "127.0.0.1", "port": port, "user": "archive", "passcode-file": str(secret)}
        server = make_server({"peer": [peer]}, start=False)
        assert server.run("echo", "GUARDED").returncode == 0
        assert seen == [(2, b"archive", b"open sesame")]
        secret.write_text("another")
        assert server.run("echo", "GUARDED").returncode != 0
        secret.unlink()
        result = server.run("echo", "GUARDED")
        assert result.returncode != 0 and "passcode-file" in result.stderr, result.stderr
    finally:
        running.shutdown()
