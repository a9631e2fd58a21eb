"""Certificates for tests of TLS, made by openssl while they run; and peers that speak TLS."""

from __future__ import annotations

import hashlib
import shutil
import socket
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from raw_peer import RawPeer

CONFIGURATION = """
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments: str, cwd: Path, check: bool = True, given: str = "") -> subprocess.CompletedProcess[str]:
    """Runs openssl."""
    if not shutil.which("openssl"):
        pytest.fail("openssl is missing: install OpenSSL")
    return subprocess.run(["openssl", *arguments], cwd=cwd, check=check, capture_output=True, text=True, errors="replace", input=given, timeout=60)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text())
        return "sha256:" + hashlib.sha256(der).hexdigest()


class Authority:
    """An authority with a directory of its own."""

    def __init__(self, directory: Path, name: str = "Test authority") -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.certificate = directory / "ca.pem"
        openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", f"/CN={name}", cwd=directory)
        (directory / "index.txt").touch()
        (directory / "serial").write_text("01\n")
        (directory / "own.cnf").write_text(CONFIGURATION)

    def issue(self, name: str, valid_for: timedelta = timedelta(days=90)) -> Issued:
        """A certificate for `name`, for localhost and for 127.0.0.1."""
        names = f"subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:{name}"
        openssl("req", "-new", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", names, cwd=self.directory)
        until = datetime.now(UTC) + valid_for
        dates = ["-startdate", "20200101000000Z", "-enddate", f"{until:%Y%m%d%H%M%SZ}"]
        openssl("ca", "-batch", "-config", "own.cnf", "-notext", "-in", f"{name}.csr", "-out", f"{name}.pem", *dates, cwd=self.directory)
        (self.directory / f"{name}.key").chmod(0o600)
        return Issued(self.directory / f"{name}.pem", self.directory / f"{name}.key")


def client_context(authority: Authority, own: Issued | None = None) -> ssl.SSLContext:
    """Trusts the authority, and shows a certificate if it has one."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if own:
        context.load_cert_chain(own.certificate, own.key)
    return context


def server_context(authority: Authority, own: Issued) -> ssl.SSLContext:
    """Asks who calls for a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class SecurePeer(RawPeer):
    """The requestor of an association over TLS."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, timeout: float = 30.0) -> None:
        super().__init__(address, timeout)
        self.plain = self.socket
        self.socket: ssl.SSLSocket = context.wrap_socket(self.plain, server_hostname=address[0])

    def beneath(self) -> socket.socket:
        """The TCP socket, to send what is not TLS. Nothing secure can be sent any more."""
        timeout = self.socket.gettimeout()
        beneath = socket.socket(fileno=self.socket.detach())
        beneath.settimeout(timeout)
        return beneath
