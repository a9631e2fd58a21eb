"""`isocenter import`, `echo`, `find`, `send`: the command as a new user types it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import dicom_data as dd
from exchanges import assert_held, find, store_well
from raw_peer import RawDestination, RawPeer, Rejected, contexts
from server import BINARY, Isocenter, free_ports, run_command


def said(process) -> str:
    return process.stdout + process.stderr


# --- import ----------------------------------------------------------------------------------------------------------


def folder_with_junk(folder: Path) -> tuple[list[dd.Instance], list[str]]:
    """A folder as people have them: the instances in it, and the names of what is none."""
    good = [dd.rich(syntax, number=number) for number, syntax in enumerate((dd.IMPLICIT, dd.EXPLICIT, dd.BIG_ENDIAN, dd.DEFLATED, dd.RLE, dd.JPEG_BASELINE), 1)]
    for number, instance in enumerate(good):
        # Some with a suffix, some without, some deep down.
        instance.write(folder / ("deep/er" if number % 2 else "") / (f"IMG{number}" if number % 3 else f"{instance.sop_instance}.dcm"))
    whole = dd.generate(number=90).file_bytes()
    junk = {
        "readme.txt": b"Images of a phantom\n",
        "empty.dcm": b"",
        "cut.dcm": whole[:-50],
        "header-only.dcm": whole[:132],
        "noise.dcm": bytes((at * 89 + 7) & 0xFF for at in range(3000)),
        "no-study.dcm": dd.generate(number=91).with_bytes(_without_study()).file_bytes(),
        "picture.jpg": b"\xff\xd8\xff\xe0" + bytes(500),
        "archive.zip": b"PK\x03\x04" + bytes(300),
    }
    for name, content in junk.items():
        (folder / "deep" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "deep" / name).write_bytes(content)
    return good, list(junk)


def _without_study() -> bytes:
    ds = dd.generate(number=91).data_set
    del ds.StudyInstanceUID
    return dd.encode(ds, dd.EXPLICIT)


def test_import_takes_what_is_dicom_and_says_what_it_skipped_and_why(server: Isocenter, tmp_path: Path) -> None:
    good, junk = folder_with_junk(tmp_path / "folder")
    imported = server.run("import", str(tmp_path / "folder"))
    text = said(imported)
    for name in junk:
        lines = [line for line in text.splitlines() if name in line]
        assert lines, f"{name} is not mentioned:\n{text}"
        assert any(len(line.split(name, 1)[1].strip(" :\t")) > 3 for line in lines), f"no reason is given for {name}: {lines}"
    assert re.search(rf"\b{len(good)}\b", text), text
    assert_held(server, good)
    assert len(find(server, "IMAGE", PatientID=good[0].patient_id, StudyInstanceUID=good[0].study, SeriesInstanceUID=good[0].series, SOPInstanceUID="")) == len(good)
    # The folder is as it was.
    assert sorted(path.name for path in (tmp_path / "folder" / "deep").iterdir() if path.is_file()) == sorted(junk)


def test_import_while_nothing_is_served(make_server: Callable[..., Isocenter], tmp_path: Path) -> None:
    server = make_server(start=False)
    good, _ = folder_with_junk(tmp_path / "folder")
    server.run("import", str(tmp_path / "folder"))
    server.start()
    assert_held(server, good)


def test_import_of_good_files_alone_succeeds_and_twice_adds_nothing(server: Isocenter, tmp_path: Path) -> None:
    paths = [dd.generate(number=number).write(tmp_path / f"{number}.dcm") for number in range(1, 11)]
    for _ in range(2):
        imported = server.run("import", *map(str, paths))
        assert imported.returncode == 0, said(imported)
    assert_held(server, [dd.generate(number=number) for number in range(1, 11)])
    assert len(server.vault_files()) == 10


def test_import_of_files_without_preamble_or_meta_information(server: Isocenter, tmp_path: Path) -> None:
    implicit, explicit = dd.generate(number=1, transfer_syntax=dd.IMPLICIT), dd.generate(number=2)
    (tmp_path / "bare-implicit").write_bytes(implicit.encoded)
    (tmp_path / "bare-explicit").write_bytes(explicit.encoded)
    (tmp_path / "no-preamble").write_bytes(dd.generate(number=3).file_bytes()[132:])
    server.run("import", str(tmp_path))
    assert_held(server, [implicit, explicit, dd.generate(number=3)])


def test_import_of_what_is_not_there(server: Isocenter, tmp_path: Path) -> None:
    imported = server.run("import", str(tmp_path / "absent"))
    assert imported.returncode != 0
    assert "absent" in said(imported)


# --- echo, find, send --------------------------------------------------------------------------------------------------


@pytest.fixture
def two(make_server: Callable[..., Isocenter]) -> tuple[Isocenter, Isocenter]:
    """Two archives, of which the first knows the second by its two titles."""
    other = make_server({"storage-scp": {"ae-title": "OTHER_STORE"}, "query-retrieve-scp": {"ae-title": "OTHER_QUERY"}})
    peers = [
        {"ae-title": "OTHER_STORE", "host": "127.0.0.1", "port": other.store_port},
        {"ae-title": "OTHER_QUERY", "host": "127.0.0.1", "port": other.query_port},
        {"ae-title": "ABSENT", "host": "127.0.0.1", "port": free_ports(1)[0]},
    ]
    return make_server({"peer": peers}), other


def test_scu_022_echo(two: tuple[Isocenter, Isocenter]) -> None:
    one, _ = two
    for title in ("OTHER_STORE", "OTHER_QUERY"):
        echoed = one.run("echo", title)
        assert echoed.returncode == 0, said(echoed)
    absent = one.run("echo", "ABSENT")
    assert absent.returncode != 0
    assert "ABSENT" in said(absent)
    unknown = one.run("echo", "NEVER_HEARD_OF")
    assert unknown.returncode != 0
    assert "NEVER_HEARD_OF" in said(unknown)


def test_echo_says_why_it_was_rejected(make_server: Callable[..., Isocenter]) -> None:
    picky = make_server({"storage-scp": {"allowed-calling-ae-titles": ["SOMEONE"]}})
    one = make_server({"peer": [{"ae-title": "ISO_STORE_SCP", "host": "127.0.0.1", "port": picky.store_port}]})
    rejected = one.run("echo", "ISO_STORE_SCP")
    assert rejected.returncode != 0
    assert str(Rejected(1, 1, 3)) in said(rejected) or "calling" in said(rejected).lower()


def test_find(two: tuple[Isocenter, Isocenter]) -> None:
    one, other = two
    store_well(other, dd.tree())
    found = one.run("find", "OTHER_QUERY")
    assert found.returncode == 0, said(found)
    for uid in (dd.uid(1, 1), dd.uid(1, 2), dd.uid(2, 1), dd.uid(3, 1), dd.uid(4, 1)):
        assert uid in found.stdout, found.stdout


def test_send(two: tuple[Isocenter, Isocenter], tmp_path: Path) -> None:
    one, other = two
    instances = [dd.rich(syntax, number=number) for number, syntax in enumerate((dd.IMPLICIT, dd.EXPLICIT, dd.RLE, dd.DEFLATED), 1)]
    for instance in instances:
        instance.write(tmp_path / "out" / f"{instance.sop_instance}.dcm")
    sent = one.run("send", "OTHER_STORE", str(tmp_path / "out"))
    assert sent.returncode == 0, said(sent)
    assert_held(other, instances)


def test_send_says_what_failed(two: tuple[Isocenter, Isocenter], tmp_path: Path) -> None:
    one, _ = two
    bad = dd.generate(number=2)
    with RawDestination(on_store=lambda message, _: 0xA900 if message.command.affected_sop_instance == bad.sop_instance else 0x0000) as destination:
        one.configure({"peer": [{"ae-title": "PICKY", "host": "127.0.0.1", "port": destination.port}]})
        for number in (1, 2, 3):
            dd.generate(number=number).write(tmp_path / "out" / f"{number}.dcm")
        sent = one.run("send", "PICKY", str(tmp_path / "out"))
    assert sent.returncode != 0
    assert "A900" in said(sent)
    assert "2.dcm" in said(sent) or bad.sop_instance in said(sent)
    assert len(destination.received) == 3


# --- the rest ------------------------------------------------------------------------------------------------------------


def test_version_and_help(tmp_path: Path) -> None:
    version = run_command("--version", cwd=tmp_path)
    assert re.fullmatch(r"isocenter \d+\.\d+\.\d+\n", version.stdout)
    helped = run_command("--help", cwd=tmp_path)
    assert helped.returncode == 0
    for command in ("serve", "import", "echo", "find", "send", "reindex", "settings"):
        assert command in helped.stdout
        of_command = run_command(command, "--help", cwd=tmp_path)
        assert of_command.returncode == 0 and command in of_command.stdout


def test_nothing_is_left_behind_by_help(tmp_path: Path) -> None:
    run_command("--help", cwd=tmp_path)
    run_command("settings", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- Nobody reads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["statement"], ["statement", "--format", "html"], ["settings"], ["settings", "--reference"], ["settings", "preset"], ["--help"]], ids=" ".join)
def test_what_prints_ends_in_silence_when_nobody_reads(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([str(BINARY), *arguments], stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_find_stops_asking_when_nobody_reads(server: Isocenter) -> None:
    store_well(server, [dd.generate(patient=number) for number in range(1, 4)])
    reading, writing = os.pipe()
    os.close(reading)
    command = [str(BINARY), "find", f"{server.query_title}@127.0.0.1:{server.query_port}", "--level", "PATIENT"]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_server_goes_on_when_nobody_reads_what_it_says(server: Isocenter) -> None:
    server.stop()
    reading, writing = os.pipe()
    server.process = subprocess.Popen([str(BINARY), "serve", "--config", str(server.config), "--data", str(server.data)], stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, cwd=server.directory, text=True, start_new_session=True)
    os.close(writing)
    with os.fdopen(reading) as said_by_it:
        assert any(line == "ready\n" for line in said_by_it)
    # From now on every line of the log fails.
    for _ in range(3):
        assert store_well(server, [dd.generate()])
        with RawPeer(server.query_address) as peer:
            peer.request(server.query_title, "RAW_SCU", contexts(("1.2.3", [dd.IMPLICIT])))
    assert find(server, "PATIENT", PatientID="")
    assert server.stop() == 0
