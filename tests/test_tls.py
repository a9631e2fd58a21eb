"""DICOM over TLS (PS3.15 annex B), in both directions."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import ssl
import stat
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification

import dicom_data as dd
from certificates import Authority, Issued, SecurePeer, client_context, openssl, server_context
from dicom_data import Instance
from exchanges import assert_held, assert_nothing_kept, kinds, store_well, storage_contexts
from raw_peer import (
    Aborted,
    Accepted,
    Message,
    PeerClosed,
    RawDestination,
    RawPeer,
    Rejected,
    VERIFICATION,
    associate_rq,
    contexts,
    role_selection,
)
from server import Isocenter, Settings, free_ports, merged, run_command, wait_until
from test_dcmtk import dcmtk

pytestmark = pytest.mark.requirement("SIL-008")

NOT_RECOGNIZED = Rejected(1, 1, 3)


@dataclass
class Site:
    """Certificates, and servers that have them."""

    make_server: Callable[..., Isocenter]
    authority: Authority
    server: Issued
    modality: Issued

    def serve(self, settings: Settings | None = None) -> Isocenter:
        """A server with both SCPs on one port for TLS, `server.tls_port`."""
        server = self.make_server(start=False)
        self.configure(server, settings)
        return server.start()

    def configure(self, server: Isocenter, settings: Settings | None = None) -> None:
        if not hasattr(server, "tls_port"):
            (server.tls_port,) = free_ports(1)
        listen = f"127.0.0.1:{server.tls_port}"
        tls = {"certificate": str(self.server.certificate), "key": str(self.server.key), "ca": str(self.authority.certificate)}
        base = {"storage-scp": {"tls-listen": listen}, "query-retrieve-scp": {"tls-listen": listen}, "tls": tls}
        server.configure(merged(base, settings or {}))

    def peer(self, server: Isocenter, own: Issued | None = None) -> SecurePeer:
        """A connection by the modality's certificate, or another one."""
        return SecurePeer(("127.0.0.1", server.tls_port), client_context(self.authority, own or self.modality))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Issued, Issued]:
    authority = Authority(tmp_path_factory.mktemp("certificates") / "authority")
    return authority, authority.issue("archive.example"), authority.issue("modality.example")


@pytest.fixture
def site(make_server: Callable[..., Isocenter], certificates: tuple[Authority, Issued, Issued]) -> Site:
    return Site(make_server, *certificates)


def verification(peer: RawPeer, server: Isocenter, calling: str = "RAW_SCU") -> Accepted | Rejected | Aborted:
    return peer.request(server.store_title, calling, contexts((VERIFICATION, (dd.IMPLICIT,))))


def assert_serves(site: Site, server: Isocenter) -> None:
    """Somebody else is served as before."""
    with site.peer(server) as peer:
        assert isinstance(verification(peer, server), Accepted)
        assert peer.echo() == 0x0000
        peer.release()


# --- Who calls us --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_what_pynetdicom_stores_over_tls_it_finds_and_gets_back(site: Site, isolation: str) -> None:
    server = site.serve({"isolation": isolation})
    instances = dd.tree()[:6]
    with site.peer(server) as peer:
        peer.associate(server.store_title, "MODALITY", storage_contexts(instances))
        assert {peer.store(one) for one in instances} == {0x0000}
        peer.release()
    assert_held(server, instances)

    ae = AE("WORKSTATION")
    ae.add_requested_context(dd.STUDY_FIND)
    ae.add_requested_context(Verification)
    context = client_context(site.authority, site.modality)
    association = ae.associate("127.0.0.1", server.tls_port, ae_title=server.query_title, tls_args=(context, "127.0.0.1"))
    assert association.is_established
    assert association.send_c_echo().Status == 0x0000
    keys = dd.decode(dd.identifier("STUDY", StudyInstanceUID="", PatientID=""))
    found = [answer for status, answer in association.send_c_find(keys, dd.STUDY_FIND) if status.Status in (0xFF00, 0xFF01)]
    association.release()
    assert {answer.StudyInstanceUID for answer in found} == {one.study for one in instances}

    chosen = instances[0]
    with site.peer(server) as peer:
        roles = role_selection(chosen.sop_class, 0, 1)
        proposed = contexts((dd.STUDY_GET, (dd.IMPLICIT,)), *((sop_class, (syntax,)) for sop_class, syntax in kinds([chosen])))
        peer.associate(server.query_title, "WORKSTATION", proposed, user_items=roles)
        stored, responses = peer.get(dd.STUDY_GET, dd.identifier("IMAGE", StudyInstanceUID=chosen.study, SeriesInstanceUID=chosen.series, SOPInstanceUID=chosen.sop_instance))
        peer.release()
    assert [message.data_set for message in stored] == [chosen.encoded]
    assert responses[-1].command.status == 0x0000


def test_the_log_says_by_which_certificate_somebody_calls(site: Site) -> None:
    server = site.serve()
    assert_serves(site, server)
    line = server.wait_for_log("secure connection")
    assert "1.3" in line and "modality.example" in line and site.modality.fingerprint in line


def test_dcmtk_echoes_and_stores_over_tls(site: Site, tmp_path: Path) -> None:
    server = site.serve()
    own = ["+tls", str(site.modality.key), str(site.modality.certificate), "+cf", str(site.authority.certificate)]
    there = ["-aet", "DCMTK", "-aec", server.store_title, "127.0.0.1", str(server.tls_port)]
    for profile in ["--profile-bcp195", "--profile-bcp195-nd"]:
        dcmtk("echoscu", *own, profile, *there)
    instance = dd.generate(pixel_bytes=300_000)
    dcmtk("storescu", *own, "-xe", *there, str(instance.write(tmp_path / "one.dcm")))
    assert_held(server, [instance])


def test_a_large_instance_comes_and_goes_byte_for_byte(site: Site) -> None:
    server = site.serve()
    large = dd.generate(pixel_bytes=48 << 20)
    with site.peer(server) as peer:
        peer.associate(server.store_title, "MODALITY", storage_contexts([large]))
        assert peer.store(large) == 0x0000
        peer.release()
    with site.peer(server) as peer:
        proposed = contexts((dd.STUDY_GET, (dd.IMPLICIT,)), (large.sop_class, (large.transfer_syntax,)))
        peer.associate(server.query_title, "WORKSTATION", proposed, user_items=role_selection(large.sop_class, 0, 1))
        stored, _ = peer.get(dd.STUDY_GET, dd.identifier("STUDY", StudyInstanceUID=large.study))
        peer.release()
    assert [message.data_set for message in stored] == [large.encoded]


def test_a_cancel_that_lies_behind_its_request_in_one_record_is_seen(site: Site) -> None:
    server = site.serve({"storage-scp": {"sync": "none"}})
    instances = store_well(server, [dd.generate(number=number, pixel_bytes=32) for number in range(1, 601)])
    keys = {"StudyInstanceUID": instances[0].study, "SeriesInstanceUID": instances[0].series, "SOPInstanceUID": ""}
    with site.peer(server) as peer:
        peer.associate(server.query_title, "WORKSTATION", contexts((dd.STUDY_FIND, (dd.IMPLICIT,))))
        sent = bytearray()
        peer.send = sent.extend  # type: ignore[method-assign]
        asked = peer.start_find(dd.STUDY_FIND, dd.identifier("IMAGE", **keys))
        peer.cancel(asked, peer.context_for(dd.STUDY_FIND))
        peer.socket.sendall(sent)
        *pending, last = peer.responses(asked)
        assert last.command.status == 0xFE00
        assert len(pending) < len(instances)


@pytest.mark.requirement("QR-076")
def test_a_cancel_that_comes_while_answers_go_out_is_seen(site: Site) -> None:
    server = site.serve({"storage-scp": {"sync": "none"}})
    instances = store_well(server, [dd.generate(number=number, pixel_bytes=20_000) for number in range(1, 201)])
    with site.peer(server) as peer:
        proposed = contexts((dd.STUDY_GET, (dd.IMPLICIT,)), (instances[0].sop_class, (instances[0].transfer_syntax,)))
        peer.associate(server.query_title, "WORKSTATION", proposed, user_items=role_selection(instances[0].sop_class, 0, 1))
        asked = peer.next_message_id() + 1

        def cancel_once(message: Message) -> int:
            if not came:
                peer.cancel(asked, peer.context_for(dd.STUDY_GET))
            came.append(message)
            return 0x0000

        came: list[Message] = []
        _, responses = peer.get(dd.STUDY_GET, dd.identifier("STUDY", StudyInstanceUID=instances[0].study), cancel_once)
        assert responses[-1].command.status == 0xFE00
        assert len(came) < len(instances)


# --- What is negotiated --------------------------------------------------------------------------------------------


def handshake(site: Site, server: Isocenter, *options: str) -> bool:
    """Whether openssl gets a secure connection."""
    own = ["-cert", str(site.modality.certificate), "-key", str(site.modality.key), "-CAfile", str(site.authority.certificate)]
    ran = openssl("s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-verify_return_error", *own, *options, cwd=site.authority.directory, check=False)
    return ran.returncode == 0 and "Cipher is (NONE)" not in ran.stdout


BOTH = ["bcp-195", "non-downgrading-bcp-195"]
LEGACY = ["-cipher", "ALL:@SECLEVEL=0"]


@pytest.mark.parametrize("profile", BOTH)
def test_each_profile_negotiates_its_versions_and_suites_and_no_others(site: Site, profile: str) -> None:
    server = site.serve({"tls": {"profile": profile}})
    for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]:
        assert handshake(site, server, "-tls1_3", "-ciphersuites", suite), suite
    for suite in ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]:
        assert handshake(site, server, "-tls1_2", "-cipher", suite), suite
    # What the first profile leaves room for and the second one does not.
    is_wide = profile == "bcp-195"
    assert handshake(site, server, "-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256") == is_wide
    assert handshake(site, server, "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305") == is_wide
    for version in ["-tls1", "-tls1_1"]:
        assert not handshake(site, server, version, *LEGACY), version
    for suite in ["ECDHE-ECDSA-AES128-SHA256", "AES256-GCM-SHA384", "DHE-RSA-AES256-GCM-SHA384", "NULL"]:
        assert not handshake(site, server, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0"), suite
    server.wait_for_log("no secure connection: .*no version or cipher suite")
    assert_serves(site, server)


def test_a_renegotiation_changes_nothing(site: Site) -> None:
    server = site.serve()
    own = ["-cert", str(site.modality.certificate), "-key", str(site.modality.key)]
    openssl("s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-tls1_2", *own, cwd=site.authority.directory, check=False, given="R\nR\nR\n")
    assert_serves(site, server)


# --- Who is not served ---------------------------------------------------------------------------------------------


def refused(site: Site, server: Isocenter, own: Issued | None) -> bool:
    """Whether there is no association; TLS 1.3 tells a client so behind its handshake."""
    try:
        with SecurePeer(("127.0.0.1", server.tls_port), client_context(site.authority, own)) as peer:
            verification(peer, server)
    except (ssl.SSLError, ConnectionError, PeerClosed):
        return True
    return False


def test_who_shows_no_certificate_is_not_served_where_one_is_required(site: Site) -> None:
    server = site.serve()
    assert refused(site, server, None)
    server.wait_for_log("no secure connection: the peer shows no certificate")
    assert_serves(site, server)


@pytest.mark.parametrize("rule", ["optional", "none"])
def test_who_shows_no_certificate_is_served_where_none_is_required(site: Site, rule: str) -> None:
    server = site.serve({"tls": {"client-certificates": rule}})
    assert not refused(site, server, None)


@pytest.mark.parametrize("rule", ["required", "optional"])
def test_a_certificate_of_another_authority_is_refused(site: Site, tmp_path: Path, rule: str) -> None:
    stranger = Authority(tmp_path / "stranger").issue("modality.example")
    server = site.serve({"tls": {"client-certificates": rule}})
    assert refused(site, server, stranger)
    server.wait_for_log("the certificate of the peer is refused: .*no authority in tls.ca vouches for it|BadSignature")
    assert_serves(site, server)


def test_an_expired_certificate_is_refused(site: Site) -> None:
    server = site.serve()
    assert refused(site, server, site.authority.issue("old.example", timedelta(days=-1)))
    server.wait_for_log("the certificate of the peer is refused: it has expired")


@pytest.mark.requirement("SIL-095")
@pytest.mark.parametrize("by", ["fingerprint", "name"])
def test_a_title_is_taken_only_with_the_certificate_that_it_is_bound_to(site: Site, by: str) -> None:
    bound = site.modality.fingerprint if by == "fingerprint" else "MODALITY.example"
    peer = {"ae-title": "CT1", "host": "127.0.0.1", "port": 104, "certificates": [bound]}
    server = site.serve({"peer": [peer]})
    other = site.authority.issue("other.example")

    with site.peer(server) as mine:
        assert isinstance(verification(mine, server, "CT1"), Accepted)
    with site.peer(server, other) as his:
        assert verification(his, server, "CT1") == NOT_RECOGNIZED
    server.wait_for_log(r'the AE title CT1 must come with a certificate of its .*other.example')
    with site.peer(server, other) as his:
        assert isinstance(verification(his, server, "CT2"), Accepted)
    # Nor may anybody call by that title in the clear.
    with RawPeer(server.store_address) as plain:
        assert verification(plain, server, "CT1") == NOT_RECOGNIZED
    server.wait_for_log(r'the AE title CT1 must come with a certificate of its .*comes with none')
    with RawPeer(server.store_address) as plain:
        assert isinstance(verification(plain, server, "CT2"), Accepted)


def test_a_fingerprint_needs_no_authority(site: Site, tmp_path: Path) -> None:
    own = Authority(tmp_path / "own").issue("device.example")
    peer = {"ae-title": "DEVICE", "host": "127.0.0.1", "port": 104, "certificates": [own.fingerprint.upper().replace("SHA256", "sha256")]}
    server = site.serve({"peer": [peer], "tls": {"ca": "off"}})
    assert not refused(site, server, own)
    assert refused(site, server, site.modality)


# --- Who speaks something else -------------------------------------------------------------------------------------


def test_a_plain_dicom_client_on_the_port_for_tls_is_named(site: Site) -> None:
    server = site.serve()
    with RawPeer(("127.0.0.1", server.tls_port)) as plain:
        plain.send(associate_rq(server.store_title, "RAW_SCU", contexts((VERIFICATION, (dd.IMPLICIT,)))))
        plain.expect_close()
        address = "{}:{}".format(*plain.socket.getsockname()) if plain.socket.fileno() >= 0 else ""
    line = server.wait_for_log("the peer speaks DICOM without TLS on the port that is for TLS")
    assert address in line
    assert_serves(site, server)


def test_a_tls_client_on_the_port_without_is_named(site: Site) -> None:
    server = site.serve()
    with socket.create_connection(server.store_address, 30) as plain:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            client_context(site.authority).wrap_socket(plain, server_hostname="127.0.0.1")
    server.wait_for_log("TLS begins like this: switch TLS off at the peer, or point it at a port for TLS")


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"], ids=["nothing", "part of a hello"])
def test_silence_in_a_handshake_is_ended_by_artim(site: Site, first: bytes) -> None:
    server = site.serve({"network": {"artim": "1 s"}})
    with socket.create_connection(("127.0.0.1", server.tls_port), 30) as silent:
        silent.sendall(first)
        assert_serves(site, server)
        assert silent.recv(100) == b""
    server.wait_for_log("no secure connection: timed out in the TLS handshake")


def test_a_handshake_byte_by_byte_is_ended_by_artim(site: Site) -> None:
    server = site.serve({"network": {"artim": "1 s"}})
    hello = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(site.authority).wrap_bio(*hello, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(("127.0.0.1", server.tls_port), 30) as slow:
        slow.settimeout(0.2)
        # All but the last byte of the hello, one at a time, each well within the time that is left.
        for byte in hello[1].read()[:-1]:
            try:
                slow.sendall(bytes([byte]))
                if slow.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the server went on listening")
    server.wait_for_log("no secure connection: timed out in the TLS handshake")


GARBAGE = [b"\x00" * 64, b"GET / HTTP/1.1\r\n\r\n", b"\x17\x03\x03\xff\xff" + b"x" * 2000, b"\x17\x03\x03\x00\x40" + b"x" * 64, b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_behind_the_handshake_ends_that_connection_alone(site: Site, garbage: bytes) -> None:
    server = site.serve()
    peer = site.peer(server)
    verification(peer, server)
    with peer.beneath() as beneath:
        beneath.sendall(garbage)
        beneath.shutdown(socket.SHUT_WR)
        try:
            while beneath.recv(65536):
                pass
        except ConnectionError:
            pass
    server.wait_for_log("association ended: ")
    assert_serves(site, server)


@pytest.mark.parametrize("end", ["close", "reset", "part of a record"])
def test_a_connection_that_ends_amid_an_instance_leaves_nothing(site: Site, end: str) -> None:
    server = site.serve()
    instance = dd.generate(pixel_bytes=1_000_000)
    peer = site.peer(server)
    peer.associate(server.store_title, "MODALITY", storage_contexts([instance]))
    context = peer.context_for(instance.sop_class)
    whole: list[bytes] = []
    peer.send = whole.append  # type: ignore[method-assign]
    peer.send_message(context, peer.store_command(instance.sop_class, instance.sop_instance), instance.encoded)
    peer.socket.sendall(b"".join(whole)[:700_000])
    with peer.beneath() as beneath:
        if end == "part of a record":
            beneath.sendall(b"\x17\x03\x03\x40\x00" + b"x" * 5000)
        if end == "reset":
            beneath.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.wait_for_log("association ended: the connection to the peer was lost")
    wait_until(lambda: "association ended" in server.log(), "the end of the association")
    assert_nothing_kept(server)
    assert_serves(site, server)


# --- Whom we call --------------------------------------------------------------------------------------------------


def tls_peer(title: str, port: int, **more: object) -> Settings:
    return {"ae-title": title, "host": "127.0.0.1", "port": port, "tls": True, **more}


def secure_destination(site: Site, own: Issued, **options: object) -> RawDestination:
    listener = server_context(site.authority, own).wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
    return RawDestination(listener=listener, **options)


def move(server: Isocenter, study: str, to: str) -> int:
    """C-MOVE of a study; its final status."""
    with RawPeer(server.query_address) as peer:
        peer.associate(server.query_title, "WORKSTATION", contexts((dd.STUDY_MOVE, (dd.IMPLICIT,))))
        return peer.move(dd.STUDY_MOVE, dd.identifier("STUDY", StudyInstanceUID=study), to)[-1].command.status


def test_instances_are_moved_over_tls_byte_for_byte(site: Site) -> None:
    instances = [dd.generate(number=number, pixel_bytes=400_000) for number in range(1, 6)]
    with secure_destination(site, site.authority.issue("viewer.example")) as viewer:
        server = site.serve({"peer": [tls_peer("VIEWER", viewer.port)]})
        store_well(server, instances)
        assert move(server, instances[0].study, "VIEWER") == 0x0000
        viewer.wait_for_release()
        assert viewer.data_sets() == {one.sop_instance: one.encoded for one in instances}


def test_storescp_of_dcmtk_is_a_destination_over_tls(site: Site, tmp_path: Path) -> None:
    viewer = site.authority.issue("viewer.example")
    (port,) = free_ports(1)
    received = tmp_path / "received"
    received.mkdir()
    tls = ["+tls", str(viewer.key), str(viewer.certificate), "+cf", str(site.authority.certificate)]
    instance = dd.generate(pixel_bytes=300_000)
    server = site.serve({"peer": [tls_peer("STORESCP", port)]})
    store_well(server, [instance])
    with subprocess.Popen(["storescp", *tls, "+B", "-od", str(received), str(port)]) as storescp:
        try:
            wait_until(lambda: server.run("echo", "STORESCP").returncode == 0, "storescp")
            assert move(server, instance.study, "STORESCP") == 0x0000
            (file,) = wait_until(lambda: list(received.iterdir()), "the file")
            assert dd.data_set_of_file(file)[1] == instance.encoded
        finally:
            storescp.terminate()


def test_echo_find_and_send_call_over_tls(site: Site, tmp_path: Path) -> None:
    archive = site.serve()
    server = site.serve({"peer": [tls_peer("ARCHIVE", archive.tls_port)]})
    file = dd.generate().write(tmp_path / "one.dcm")
    for command in (["echo", "ARCHIVE"], ["send", "ARCHIVE", str(file)], ["find", "ARCHIVE", "-k", "PatientID=P0001"]):
        ran = server.run(*command)
        assert ran.returncode == 0, ran.stderr
    assert "1 matches" in ran.stdout
    ran = server.run("echo", "--tls", f"ANY@localhost:{archive.tls_port}")
    assert ran.returncode == 0, ran.stderr
    ran = server.run("echo", f"ANY@localhost:{archive.tls_port}")
    assert ran.returncode != 0


def called(site: Site, own: Issued, **of_peer: object) -> subprocess.CompletedProcess[str]:
    """`isocenter echo` to a server by that certificate."""
    archive = Site(site.make_server, site.authority, own, site.modality).serve()
    host = of_peer.pop("host", "127.0.0.1")
    caller = site.make_server(start=False)
    site.configure(caller, {"peer": [tls_peer("ARCHIVE", archive.tls_port, **of_peer) | {"host": host}]})
    return caller.run("echo", "ARCHIVE")


def test_whom_we_call_must_show_a_certificate_that_is_trusted(site: Site, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger").issue("archive.example")
    ran = called(site, stranger)
    assert ran.returncode != 0 and "the certificate of the peer is refused" in ran.stderr
    assert called(site, stranger, certificates=[stranger.fingerprint]).returncode == 0


def test_whom_we_call_must_be_who_it_is_to_be(site: Site) -> None:
    assert called(site, site.server).returncode == 0
    assert called(site, site.server, certificates=["archive.example"]).returncode == 0
    ran = called(site, site.server, certificates=["viewer.example"])
    assert ran.returncode != 0 and "archive.example" in ran.stderr
    ran = called(site, site.server, certificates=[site.modality.fingerprint])
    assert ran.returncode != 0


def test_an_expired_server_is_not_called(site: Site) -> None:
    ran = called(site, site.authority.issue("late.example", timedelta(days=-1)))
    assert ran.returncode != 0 and "it has expired" in ran.stderr


def test_a_peer_without_tls_is_named_when_it_is_called_over_tls(site: Site) -> None:
    plain = site.make_server()
    caller = site.make_server(start=False)
    site.configure(caller, {"network": {"artim": "1 s"}, "peer": [tls_peer("PLAIN", plain.store_port)]})
    ran = caller.run("echo", "PLAIN")
    assert ran.returncode != 0 and "the peer does not answer with TLS" in ran.stderr


# --- Certificates come and go --------------------------------------------------------------------------------------


def shown(server: Isocenter, site: Site) -> str:
    """The fingerprint of the certificate that the server shows."""
    with site.peer(server) as peer:
        return "sha256:" + hashlib.sha256(peer.socket.getpeercert(binary_form=True)).hexdigest()


def test_a_new_certificate_holds_from_sighup_on_and_a_broken_one_does_not(site: Site, tmp_path: Path) -> None:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"

    def put(issued: Issued) -> None:
        certificate.write_bytes(issued.certificate.read_bytes())
        key.write_bytes(issued.key.read_bytes())
        key.chmod(0o600)

    put(site.server)
    server = site.serve({"tls": {"certificate": str(certificate), "key": str(key)}})
    newer = site.authority.issue("newer.example")
    running = site.peer(server)
    assert isinstance(verification(running, server), Accepted)
    put(newer)
    assert shown(server, site) == site.server.fingerprint
    server.signal(signal.SIGHUP)
    server.wait_for_log("the files of .tls. have changed")
    wait_until(lambda: shown(server, site) == newer.fingerprint, "the new certificate")
    assert running.echo() == 0x0000, "an association goes on under the old one"
    running.release()

    key.write_bytes(site.modality.key.read_bytes())
    server.signal(signal.SIGHUP)
    server.wait_for_log("kept the settings and the certificates as they were: .*do not belong together")
    certificate.write_text("nothing")
    server.signal(signal.SIGHUP)
    server.wait_for_log("kept the settings and the certificates as they were: tls.certificate: there is no certificate in it")
    # Whatever is on the disk, what holds is in memory: also for a nursery that takes the place of another.
    with site.peer(server) as peer:
        verification(peer, server)
        child = wait_until(lambda: [pid for pid in server.processes() if b"RAW_SCU" in Path(f"/proc/{pid}/cmdline").read_bytes()], "the child")
        os.kill(child[0], signal.SIGKILL)
    server.wait_for_log("an association's process ended")
    for _ in range(3):
        assert shown(server, site) == newer.fingerprint


def test_a_certificate_that_ends_soon_is_spoken_of(site: Site) -> None:
    for days, level, words in [(20, "WARN", "expires on"), (5, "ERROR", "replace it now"), (-1, "ERROR", "expired on")]:
        ending = site.authority.issue(f"ending{days + 1}.example", timedelta(days=days))
        server = Site(site.make_server, site.authority, ending, site.modality).serve()
        assert level in server.wait_for_log(f"the certificate of tls.certificate .*{words}")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tls": {"key": "off"}}, "tls.certificate is set and tls.key is not"),
        ({"tls": {"ca": "off"}}, "there is nobody to trust"),
        ({"tls": {"ca": "/nowhere/ca.pem"}}, "tls.ca = /nowhere/ca.pem"),
        ({"peer": [{"ae-title": "P", "host": "h", "certificates": ["sha256:12"]}]}, "is no SHA-256 fingerprint"),
    ],
)
def test_what_cannot_work_is_said_at_start(site: Site, settings: Settings, words: str) -> None:
    server = site.make_server(start=False)
    site.configure(server, settings)
    ran = server.run("serve")
    assert ran.returncode != 0 and words in ran.stderr + ran.stdout


def test_certificates_for_a_trial_work_as_printed(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    directory = tmp_path / "trial"
    ran = run_command("certificates", "--directory", str(directory), "--host", "archive.example")
    assert ran.returncode == 0, ran.stderr
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {"ca.pem": 0o644, "server.pem": 0o644, "client.pem": 0o644, "server.key": 0o600, "client.key": 0o600}
    again = run_command("certificates", "--directory", str(directory))
    assert again.returncode != 0 and "there already" in again.stderr

    server = make_server(start=False)
    (port,) = free_ports(1)
    server.configure({"storage-scp": {"tls-listen": f"127.0.0.1:{port}"}, "query-retrieve-scp": {"tls-listen": "off"}})
    table = ran.stdout.partition("[tls]\n")[2].partition("\n\n")[0]
    server.config.write_text(server.config.read_text() + "[tls]\n" + table + "\n")
    server.start()
    (command,) = [line for line in ran.stdout.splitlines() if line.startswith("echoscu ")]
    tool, *arguments = command.replace("2762", str(port)).replace("localhost", "127.0.0.1").split()
    dcmtk(tool, *arguments)
