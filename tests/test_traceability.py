"""docs/reference/requirements.csv: every requirement is there once, with a test that runs or a reason that is read."""

from __future__ import annotations

import csv

import pytest

import traceability
from traceability import PRINTED, Shows, all_ids, ids_in, load

MOST_WAIVED = 25
STALE = "docs/reference/requirements.csv is stale: .venv/bin/python tests/traceability.py"


@pytest.fixture(scope="module")
def shown() -> dict[str, list[Shows]]:
    return traceability.shown_by()


def test_ids_in_names_are_read() -> None:
    assert ids_in("test_qr_018_scp_016_application_context_not_supported") == ["QR-018", "SCP-016"]
    assert ids_in("qr_032_to_034_keys") == ["QR-032", "QR-033", "QR-034"]
    assert ids_in("test_pc_009_to_pc_010_and_gen_018") == ["PC-009", "PC-010", "GEN-018"]
    assert ids_in("a_peer_of_qr_01_has_no_id_nor_has_seqr_016") == []


def test_no_test_names_a_requirement_that_there_is_not(shown: dict[str, list[Shows]]) -> None:
    assert {id_: list(map(str, tests)) for id_, tests in shown.items() if id_ not in all_ids()} == {}


def test_few_requirements_are_waived_each_with_a_reason(shown: dict[str, list[Shows]]) -> None:
    waived = load()["waived"]
    assert len(waived) <= MOST_WAIVED
    assert set(waived) <= set(all_ids())
    assert set(waived).isdisjoint(shown), "waived, and shown by a test all the same"
    assert all(len(reason.split()) > 5 and reason.endswith(".") for reason in waived.values())


def test_every_requirement_is_shown_or_waived(shown: dict[str, list[Shows]]) -> None:
    assert traceability.missing(shown) == []


def test_the_printed_table_is_fresh(shown: dict[str, list[Shows]]) -> None:
    rows = list(csv.DictReader(PRINTED.open()))
    assert [row["id"] for row in rows] == all_ids(), STALE
    assert PRINTED.read_text() == traceability.table(shown), STALE
