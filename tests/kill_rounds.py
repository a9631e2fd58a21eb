"""`kill -9` at random moments under four senders, again and again: nothing acknowledged is lost, nothing else is left.

    .venv/bin/python tests/kill_rounds.py --rounds 300 --seed 1

Each round kills one thing (the whole process group, the supervisor, the nursery, an association, the housekeeper, the
notifier) and starts the server again. Which one and after how many acknowledgements comes from the seed; what everybody
is doing at that moment is left to the machine. A round that fails says its seed and number, and keeps its directory.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import dicom_data as dd
from dicom_data import Instance
from exchanges import assert_held, find, storage_contexts
from raw_peer import PeerClosed, Unexpected
from server import Isocenter, children_of, is_alive, wait_until

VICTIMS = ("group", "supervisor", "nursery", "association", "housekeeper", "notifier")
SENDERS = 4
# Two associations at least are in the middle of something when the moment comes.
ACKNOWLEDGED_BEFORE = (3, 60)
PIXEL_BYTES = (64, 3_000, 40_000)
# Rounds on the same data: so many that a crash meets what earlier ones left, so few that a look at all stays short.
ROUNDS_A_DIRECTORY = 12


class Senders:
    """Four modalities that store without a pause, and call again when they are cut off."""

    def __init__(self, server: Isocenter, round_: int, seed: str) -> None:
        self.server, self.round, self.seed = server, round_, seed
        self.acknowledged: list[Instance] = []
        self.attempted: dict[str, set[bytes]] = collections.defaultdict(set)
        self.refused: list[str] = []
        self._told = threading.Condition()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(1, SENDERS + 1)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        """Waits for so many acknowledgements in all."""
        with self._told:
            if not self._told.wait_for(lambda: len(self.acknowledged) >= count or self.refused, 60):
                raise AssertionError(f"{len(self.acknowledged)} of {count} acknowledged within 60 s")

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _instance(self, chance: random.Random, sender: int, number: int) -> Instance:
        pixel_bytes = chance.choice(PIXEL_BYTES)
        match chance.randrange(8):
            case 0:  # the same from everybody
                return dd.generate(patient=self.round, study=90, number=1 + number % 5, pixel_bytes=64)
            case 1:  # everybody's own data set under one UID
                return dd.generate(patient=self.round, study=91, number=1 + number % 5, pixel_bytes=64, StudyDescription=f"{sender} {number}")
            case 2:  # a patient, a study and a series that nobody has had before
                return dd.generate(patient=self.round * 1_000 + number, study=92, number=sender, pixel_bytes=pixel_bytes)
            case _:
                return dd.generate(patient=self.round, study=sender, series=1 + number % 3, number=number, pixel_bytes=pixel_bytes)

    def _send(self, sender: int) -> None:
        chance = random.Random(f"{self.seed} {self.round} {sender}")
        number = 0
        while not self._over.is_set():
            try:
                with self.server.storage_peer(storage_contexts([dd.generate()]), f"SENDER_{sender}") as peer:
                    for _ in range(chance.randrange(1, 25)):
                        if self._over.is_set():
                            break
                        number += 1
                        instance = self._instance(chance, sender, number)
                        with self._told:
                            self.attempted[instance.sop_instance].add(instance.encoded)
                        status = peer.store(instance)
                        with self._told:
                            if status == 0x0000:
                                self.acknowledged.append(instance)
                            else:
                                self.refused.append(f"{instance.sop_instance}: {status:04X}")
                            self._told.notify_all()
                    peer.release()
            except (PeerClosed, OSError, Unexpected):
                # Cut off, or turned away: whoever is being started again is tried until it is there.
                self._over.wait(0.01)


def title_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def kill_one(server: Isocenter, victim: str, chance: random.Random) -> bool:
    """Kills the victim; whether there was one."""
    if victim == "group":
        server.kill()
        return True
    if victim == "supervisor":
        candidates = [server.pid]
    elif victim == "association":
        nurseries = [pid for pid in children_of(server.pid) if "nursery" in title_of(pid)]
        found = server.processes()[1:]
        candidates = [pid for pid in found if pid not in nurseries and "SENDER_" in title_of(pid)]
    else:
        candidates = [pid for pid in children_of(server.pid) if victim in title_of(pid)]
    if not candidates:
        return False
    try:
        os.kill(chance.choice(candidates), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def kill_round(server: Isocenter, round_: int, seed: str, victim: str) -> int:
    """One round: how many instances were acknowledged in it."""
    chance = random.Random(f"{seed} {round_}")
    server.start()
    senders = Senders(server, round_, seed)
    try:
        at = chance.randrange(*ACKNOWLEDGED_BEFORE)
        senders.wait_for(at)
        wait_until(lambda: kill_one(server, victim, chance), f"a victim of the kind {victim}")
        if victim == "supervisor":
            # Associations that are served go on to their end without it.
            orphans = [pid for pid in group_of(server) if pid != server.process.pid]
            server.process.wait()
            server.process = None
            if chance.randrange(2):
                server.start()  # beside the orphans
                senders.wait_for(len(senders.acknowledged) + chance.randrange(1, 20))
                senders.stop()
                server.stop()
            else:
                senders.stop()
            wait_until(lambda: not any(map(is_alive, orphans)), "the end of what the supervisor left behind")
        elif victim != "group":
            # Everybody else goes on, and whoever was killed is there again.
            senders.wait_for(len(senders.acknowledged) + chance.randrange(1, 40))
            senders.stop()
            server.stop()
    finally:
        senders.stop()
    assert not senders.refused, f"what should have been taken was refused: {senders.refused}"
    server.start()
    check(server, senders)
    server.kill() if chance.randrange(2) else server.stop()
    return len(senders.acknowledged)


def group_of(server: Isocenter) -> list[int]:
    """The processes of the server's process group, whoever their parents are."""
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(server.process.pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in listed.stdout.split()]


def check(server: Isocenter, senders: Senders) -> None:
    """Everything acknowledged is found and as it was sent; nothing is there that was not sent."""
    wait_until(lambda: not [path for path in (server.data / "incoming").rglob("*") if path.is_file()], "an empty incoming directory")
    files = server.vault_files()
    strangers = [path for path in files if path.suffix != ".dcm"]
    assert not strangers, strangers
    versions: dict[str, set[bytes]] = collections.defaultdict(set)
    for path in files:
        uid = path.stem.split("_")[0]
        if uid in senders.attempted:
            _, data_set = dd.data_set_of_file(path)
            versions[uid].add(data_set)
            assert data_set in senders.attempted[uid], f"{path} is nothing that was sent"
    lost = [one.sop_instance for one in senders.acknowledged if one.encoded not in versions[one.sop_instance]]
    assert not lost, f"acknowledged, and no file has it: {lost}"

    # What one sender alone has stored comes back as it was sent; of what everybody stored, one version does.
    own = {one.sop_instance: one for one in senders.acknowledged if len(senders.attempted[one.sop_instance]) == 1}
    assert_held(server, own.values())
    contested = {one.sop_instance: one for one in senders.acknowledged if len(senders.attempted[one.sop_instance]) > 1}
    for one in contested.values():
        keys = {"StudyInstanceUID": one.study, "SeriesInstanceUID": one.series, "SOPInstanceUID": one.sop_instance}
        assert len(find(server, "IMAGE", dd.STUDY_FIND, **keys)) == 1, one.sop_instance
    # Racing senders have made each patient and study once.
    for patient_id in sorted({one.patient_id for one in senders.acknowledged}):
        assert len(find(server, "PATIENT", PatientID=patient_id)) == 1, patient_id
        studies = [str(one.StudyInstanceUID) for one in find(server, "STUDY", PatientID=patient_id, StudyInstanceUID="")]
        assert len(studies) == len(set(studies)), studies

    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    # Nobody is keeping anything: a file without an entry is debris, however new it is.
    assert "just being kept" not in verified.stdout, verified.stdout
    server.check_log()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--first", type=int, default=1, help="number of the first round")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--isolation", choices=("process", "thread"), default="process")
    parser.add_argument("--victim", choices=VICTIMS, help="no other than this one")
    arguments = parser.parse_args()

    rounds: collections.Counter[str] = collections.Counter()
    acknowledged: collections.Counter[str] = collections.Counter()
    began = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="kill-rounds-"))
    server = None
    for round_ in range(arguments.first, arguments.first + arguments.rounds):
        if server is None or (round_ - arguments.first) % ROUNDS_A_DIRECTORY == 0:
            if server:
                shutil.rmtree(server.directory)
            server = Isocenter(root / str(round_), {"isolation": arguments.isolation})
        victim = arguments.victim or VICTIMS[round_ % len(VICTIMS)]
        try:
            acknowledged[victim] += kill_round(server, round_, arguments.seed, victim)
        except BaseException:
            print(f"FAILED: --seed {arguments.seed} --first {round_} --rounds 1 --victim {victim}; data in {server.directory}", flush=True)
            server.kill()
            raise
        rounds[victim] += 1
    server.kill()
    shutil.rmtree(root)
    for victim in VICTIMS:
        print(f"{victim}: {rounds[victim]} rounds, {acknowledged[victim]} acknowledged, 0 missing")
    print(f"{rounds.total()} rounds, {acknowledged.total()} acknowledged, in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
