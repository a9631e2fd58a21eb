"""One file, every setting also as a flag and in the environment; mistakes are refused with file, line, key and a way out."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import dicom_data as dd
from raw_peer import VERIFICATION, Rejected, RawPeer, contexts
from server import Isocenter, free_ports, run_command

ECHO = contexts((VERIFICATION, [dd.IMPLICIT]))

# A file, the line of the mistake, and the words that have to be said.
MISTAKES: dict[str, tuple[str, int, list[str]]] = {
    "unknown key": ('[storage-scp]\nae-title = "A"\nasociations = 5\n', 3, ["asociations", "associations"]),
    "unknown key at the top": ('pre-set = "standard"\n', 1, ["pre-set", "preset"]),
    "unknown section": ('preset = "standard"\n\n[storage-spc]\nassociations = 5\n', 3, ["storage-spc", "storage-scp"]),
    "unknown key of a peer": ('[[peer]]\nae-title = "X"\nhots = "h"\nport = 104\n', 3, ["hots", "host"]),
    "unknown preset": ('preset = "anex-f"\n', 1, ["preset", "anex-f", "annex-f", "standard"]),
    "unknown word": ('[storage-scp]\nassociations-counted = "per-ae"\n', 2, ["associations-counted", "per-calling-ae", "total"]),
    "text for a number": ('[storage-scp]\n\nassociations = "many"\n', 3, ["associations", "many"]),
    "number out of range": ("[query-retrieve-scp]\nassociations = 0\n", 2, ["associations", "0"]),
    "AE title too long": ('[storage-scp]\nae-title = "SEVENTEEN_LETTERS"\n', 2, ["ae-title", "16"]),
    "AE title with a backslash": ("[storage-scp]\nae-title = 'A\\B'\n", 2, ["ae-title"]),
    "no address": ('[storage-scp]\nlisten = "port 4000"\n', 2, ["listen", "port 4000"]),
    "no address range": ('[storage-scp]\nallowed-addresses = ["10.0.0.0/99"]\n', 2, ["allowed-addresses", "10.0.0.0/99"]),
    "no duration": ('[network]\nartim = "soon"\n', 2, ["artim", "soon"]),
    "no UID": ('[storage-scp]\nsop-classes-added = ["1.2.three"]\n', 2, ["sop-classes-added", "1.2.three"]),
    "peer without a host": ('[[peer]]\nae-title = "X"\nport = 104\n', 1, ["peer", "host"]),
    "peer twice": ('[[peer]]\nae-title = "X"\nhost = "a"\n\n[[peer]]\nae-title = "X"\nhost = "b"\n', 5, ["X"]),
    "not TOML": ('preset = "standard"\n[storage-scp\nassociations = 5\n', 2, ["TOML"]),
    "key twice": ('preset = "standard"\npreset = "annex-f"\n', 2, ["preset"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_file_line_key_and_what_is_allowed(tmp_path: Path, name: str) -> None:
    text, line, words = MISTAKES[name]
    config = tmp_path / "mistaken.toml"
    config.write_text(text)
    store, query = free_ports(2)
    ports = ["--set", f"storage-scp.listen=127.0.0.1:{store}", "--set", f"query-retrieve-scp.listen=127.0.0.1:{query}"]
    refused = run_command("serve", "--config", str(config), "--data", str(tmp_path / "data"), *([] if "listen" in text else ports), cwd=tmp_path)
    assert refused.returncode not in (0, 101), refused
    assert "ready" not in refused.stdout.split()
    said = refused.stderr
    assert str(config) in said, said
    about = [one for one in said.splitlines() if f"{config}:{line}" in one or f"line {line}" in one]
    # A table header and the keys below it are the same mistake for the reader.
    if name in ("peer twice", "peer without a host"):
        about = about or [one for one in said.splitlines() if any(f"{config}:{near}" in one for near in (line, line + 1))]
    assert about, said
    for word in words:
        assert word in said, said
    assert not (tmp_path / "data" / "vault").exists(), "something was made before the mistake was seen"


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    config = tmp_path / "mistaken.toml"
    config.write_text('[storage-scp]\nasociations = 5\nlisten = "nowhere"\n[query-retrieve-scp]\nassociations = -1\n')
    said = run_command("serve", "--config", str(config), cwd=tmp_path).stderr
    assert all(f"{config}:{line}" in said for line in (2, 3, 5)), said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused = run_command("serve", "--config", str(tmp_path / "absent.toml"), cwd=tmp_path)
    assert refused.returncode != 0
    assert "absent.toml" in refused.stderr


@pytest.mark.parametrize("assignment", ["storage-scp.asociations=5", "storage-scp.associations=many", "storage-scp.associations", "nonsense=1"])
def test_a_mistaken_flag(tmp_path: Path, assignment: str) -> None:
    refused = run_command("serve", "--data", str(tmp_path / "data"), "--set", assignment, cwd=tmp_path)
    assert refused.returncode != 0
    assert "--set" in refused.stderr and assignment.split("=")[0].split(".")[-1] in refused.stderr


def limit_of(server: Isocenter) -> int:
    """How many associations STORAGE-SCP takes, up to five."""
    peers = []
    try:
        for count in range(5):
            peer = RawPeer(server.store_address)
            peers.append(peer)
            if isinstance(peer.request(server.store_title, "COUNTER", ECHO), Rejected):
                return count
        return 5
    finally:
        for peer in peers:
            peer.close()


def test_a_setting_as_flag_environment_and_file(make_server: Callable[..., Isocenter]) -> None:
    """The command line wins over the environment, which wins over the file."""
    server = make_server({"storage-scp": {"associations": 3}})
    assert limit_of(server) == 3
    server.stop()
    environment = {"ISOCENTER_STORAGE_SCP__ASSOCIATIONS": "2"}
    server.start(environment=environment)
    assert limit_of(server) == 2
    server.stop()
    server.start(environment=environment, arguments=["--set", "storage-scp.associations=1"])
    assert limit_of(server) == 1


def test_the_preset_as_a_flag(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(start=False)
    server.start(arguments=["--preset", "annex-f"])
    with RawPeer(server.store_address) as peer:
        assert peer.request(server.store_title, "RAW_SCU", contexts(("1.2.3", [dd.IMPLICIT]))) == Rejected(1, 1, 1)


def test_settings_prints_every_key_with_its_default(tmp_path: Path) -> None:
    printed = run_command("settings", cwd=tmp_path)
    assert printed.returncode == 0, printed.stderr
    for key in (
        "preset", "isolation", "ae-title", "listen", "associations", "associations-counted", "check-called-ae-title", "allowed-calling-ae-titles",
        "allowed-addresses", "sync", "notification-retry-wait", "artim", "ISO_STORE_SCP", "ISO_QUERY_SCP", "ISO_STORE_SCU", "127.0.0.1:4000",
        "127.0.0.1:5000", "30 s", "per-calling-ae", "annex-f", "peer",
    ):
        assert key in printed.stdout, key


def test_settings_of_a_file_says_where_values_come_from(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"preset": "annex-f", "storage-scp": {"associations": 7}}, start=False)
    printed = run_command("settings", "--config", str(server.config), cwd=server.directory)
    assert printed.returncode == 0, printed.stderr
    assert "7" in printed.stdout and "isocenter.toml" in printed.stdout


def test_fixed_names_are_accepted(make_server: Callable[..., Isocenter]) -> None:
    """The names that scripts rely on (design 6)."""
    (web,) = free_ports(1)
    both = {"check-called-ae-title": True, "allowed-calling-ae-titles": ["CT1"], "allowed-addresses": ["127.0.0.1"], "associations": 4, "associations-counted": "total"}
    server = make_server(
        {
            "preset": "standard",
            "isolation": "process",
            "web": {"listen": f"127.0.0.1:{web}"},
            "storage-scp": both | {"sync": "instance", "notification-retry-wait": "5 min"},
            "query-retrieve-scp": both,
            "peer": [{"ae-title": "VIEWER1", "host": "10.0.0.9", "port": 104}],
        }
    )
    assert tomllib.loads(server.config.read_text())["peer"][0]["port"] == 104
    assert server.storage_peer(ECHO, "CT1").echo() == 0x0000


def test_it_runs_without_a_file(tmp_path: Path, make_server: Callable[..., Isocenter]) -> None:
    """Defaults alone, but for the ports, which somebody else may have."""
    server = make_server(start=False)
    server.config.unlink()
    listen = [f"storage-scp.listen=127.0.0.1:{server.store_port}", f"query-retrieve-scp.listen=127.0.0.1:{server.query_port}"]
    import os
    import subprocess

    from server import BINARY

    process = subprocess.Popen(
        [str(BINARY), "serve", "--set", listen[0], "--set", listen[1]],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("ISOCENTER_")},
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if lines[-1] == "ready":
                break
        assert "ready" in lines
        assert any("isocenter-data" in line for line in lines)
        assert (tmp_path / "isocenter-data").is_dir()
        with server.storage_peer(ECHO) as peer:
            assert peer.echo() == 0x0000
            peer.release()
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
