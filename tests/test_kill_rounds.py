"""The short form of kill_rounds.py: each victim once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kill_rounds import VICTIMS, kill_round
from server import Isocenter


@pytest.mark.requirement("SIL-081")
def test_kill_9_of_anything_loses_nothing_acknowledged_and_leaves_no_debris(make_server: Callable[..., Isocenter]) -> None:
    server = make_server(start=False)
    for round_, victim in enumerate(VICTIMS, 1):
        kill_round(server, round_, "20261123", victim)
