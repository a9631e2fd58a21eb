"""The scrub of a running server: it finds what the disk forgot, says so once, and goes on after a restart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

import dicom_data as dd
from exchanges import store_well
from server import Isocenter
from test_verify import file_of, flip


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_flipped_byte_is_found_and_told_once(make_server: Callable[..., Isocenter], isolation: str) -> None:
    server = make_server({"isolation": isolation, "scrub": {"every": "100 ms"}})
    instances = store_well(server, [dd.generate(number=number) for number in (1, 2, 3)])
    server.wait_for_log("a scrub came to its end: all is as it was kept")
    damaged = file_of(server, instances[1])
    flip(damaged)
    line = server.wait_for_log(rf"the scrub found a fault: .*{re.escape(damaged.name)}")
    assert "sent again" in line
    # Scrubs that end later have found it again, and do not say which it is again.
    after = len(server.log())
    server.wait_for_log("a scrub came to its end and found faults.*verify", since=after)
    assert server.log().count("the scrub found a fault") == 1
    quick = server.run("verify", "--quick")
    assert damaged.name in quick.stdout, quick.stdout
    # It is put back by whoever sends it again, and the scrub is content.
    after = len(server.log())
    store_well(server, [instances[1]])
    server.wait_for_log("a scrub came to its end: all is as it was kept", since=after)


def test_a_scrub_goes_on_after_a_restart(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"scrub": {"every": "0 s"}})
    store_well(server, [dd.generate(number=number, pixel_bytes=1 << 20) for number in (1, 2)])
    server.stop()
    # Each of them takes 16 s at this rate: the stop comes in the middle of one.
    server.configure({"scrub": {"every": "1 ms", "rate": "64 KiB"}})
    server.start()
    server.wait_for_log("a scrub begins")
    server.stop()
    noted = json.loads((server.data / "scrub.json").read_text())
    assert noted["under_way"], noted
    server.configure({"scrub": {"every": "1 ms", "rate": "100 MiB"}})
    after = len(server.log())
    server.start()
    server.wait_for_log("a scrub came to its end: all is as it was kept.*instances=2", since=after)


def test_no_scrub_where_it_is_switched_off(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"scrub": {"every": "0 s"}})
    store_well(server, [dd.generate()])
    server.stop()
    assert "a scrub begins" not in server.log()
    assert not (server.data / "scrub.json").exists()
