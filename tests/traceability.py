"""Prints docs/reference/requirements.csv: which test shows which requirement.

    .venv/bin/python tests/traceability.py              rewrites the file
    .venv/bin/python tests/traceability.py --missing    says what is neither shown nor waived
    .venv/bin/python tests/traceability.py --tests      says which tests show which requirement, all of them

A test shows a requirement whose id stands in its name (`qr_016_…`, `qr_032_to_038_…`) or in its marker:
`@pytest.mark.requirement("QR-016", "SCP-014")` in Python, a line `/// shows: QR-016, SCP-014` above `#[test]` in Rust.
`tests/traceability.toml` lists the series and what is waived.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_name("traceability.toml")
PRINTED = ROOT / "docs" / "reference" / "requirements.csv"
LINE = "requirement "


def load() -> dict:
    """The table of series and waivers."""
    return tomllib.loads(TABLE.read_text())


def all_ids() -> list[str]:
    """Every requirement, in the order of the table."""
    return [f"{series}-{number:03}" for series, last in load()["series"].items() for number in range(1, last + 1)]


@dataclass(frozen=True)
class Shows:
    """A test: where it stands, its name, and the requirements it shows."""

    path: str
    name: str
    shows: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path}::{self.name}"


# --- Ids in names ----------------------------------------------------------------------------------------------------

_SERIES = "gen|pc|scu|qr|scp|net|cfg|chr|sec|med|iod|dif|sil"
_IN_NAME = re.compile(rf"(?:^|_)({_SERIES})_(\d{{3}})(?:_to(?:_(?:{_SERIES}))?_(\d{{3}}))?(?=_|$)")


def ids_in(name: str) -> list[str]:
    """The ids that a test's name holds; `qr_032_to_038` is seven of them."""
    found = []
    for series, first, last in _IN_NAME.findall(name):
        found += [f"{series.upper()}-{number:03}" for number in range(int(first), int(last or first) + 1)]
    return found


# --- Python: what pytest collects ------------------------------------------------------------------------------------


def python_tests() -> list[Shows]:
    """The tests that pytest collects, cases of one test taken together; skipped ones left out."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "traceability", "-c", str(TABLE.with_name("pytest.ini"))]
    command += ["--rootdir", str(TABLE.parent), str(TABLE.parent)]
    collected = subprocess.run(command, cwd=TABLE.parent, capture_output=True, text=True, check=False)
    if collected.returncode != 0:
        raise SystemExit(f"pytest could not collect the tests:\n{collected.stdout}{collected.stderr}")
    tests: dict[tuple[str, str], set[str]] = {}
    for line in collected.stdout.splitlines():
        if line.startswith(LINE):
            path, name, *ids = line.removeprefix(LINE).split("\t")
            tests.setdefault((path, name), set()).update(ids)
    return [Shows(f"tests/{path}", name, tuple(sorted({*ids, *ids_in(name)}))) for (path, name), ids in tests.items()]


def pytest_collection_finish(session: object) -> None:
    """As a plugin of the run that only collects: a line for each case."""
    for item in session.items:
        if item.get_closest_marker("skip"):
            continue
        ids = [id_ for marker in item.iter_markers("requirement") for id_ in marker.args]
        print("\t".join([LINE + item.path.name, item.originalname, *ids]))


# --- Rust: what the sources declare ----------------------------------------------------------------------------------

_MODULE = re.compile(r"^\s*(?:pub(?:\([a-z]+\))? )?mod ([a-z_0-9]+);", re.MULTILINE)
_CASES = re.compile(r"^cases!\s*[\[({](.*?)[\])}];?$", re.MULTILINE | re.DOTALL)


def rust_files() -> Iterator[Path]:
    """The sources that the compiler reads: from the root of each crate and of each of its test binaries, by `mod`."""
    for manifest in sorted([*ROOT.glob("crates/*/Cargo.toml"), *ROOT.glob("bin/*/Cargo.toml")]):
        crate = manifest.parent
        for root in [crate / "src/lib.rs", crate / "src/main.rs", *sorted(crate.glob("tests/*.rs")), *sorted(crate.glob("tests/*/main.rs"))]:
            if root.exists():
                yield from _modules(root, root.parent)


def _modules(file: Path, directory: Path) -> Iterator[Path]:
    yield file
    for name in _MODULE.findall(file.read_text()):
        for beside in (directory / f"{name}.rs", directory / name / "mod.rs"):
            if beside.exists():
                yield from _modules(beside, directory / name)


def rust_tests() -> list[Shows]:
    """The functions with `#[test]` in the sources, ignored ones left out, and the cases of the harness of our own."""
    return [test for file in rust_files() for test in _tests_of(file)]


def _tests_of(file: Path) -> Iterator[Shows]:
    text = file.read_text()
    path = str(file.relative_to(ROOT))
    cases = {name for listed in _CASES.findall(text) for name in re.findall(r"[a-z_0-9]+", listed)}
    above: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith(("///", "#[")):
            above.append(line)
            continue
        if declared := re.match(r"fn ([a-z_0-9]+)\(", line):
            name = declared[1]
            if ("#[test]" in above or name in cases) and not any(one.startswith("#[ignore") for one in above):
                shows = [one.removeprefix("/// shows:") for one in above if one.startswith("/// shows:")]
                ids = {id_.strip(" .") for listed in shows for id_ in listed.split(",")}
                yield Shows(path, name, tuple(sorted({*ids, *ids_in(name)})))
        above = []


# --- The print -------------------------------------------------------------------------------------------------------


def shown_by() -> dict[str, list[Shows]]:
    """For each id that any test names: those tests, the one that shows it best first.

    Best is who looks from outside, and then who shows the fewest other things.
    """
    shown: dict[str, list[Shows]] = {}
    for test in python_tests() + rust_tests():
        for id_ in test.shows:
            shown.setdefault(id_, []).append(test)
    for tests in shown.values():
        tests.sort(key=lambda test: (not test.path.startswith("tests/"), len(test.shows), str(test)))
    return shown


def table(shown: dict[str, list[Shows]]) -> str:
    """The CSV: a row for each id that is shown or waived."""
    waived = load()["waived"]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["id", "state", "evidence"])
    for id_ in all_ids():
        if id_ in waived:
            rows.writerow([id_, "waived", waived[id_]])
        elif id_ in shown:
            rows.writerow([id_, "shown", shown[id_][0]])
    return out.getvalue()


def missing(shown: dict[str, list[Shows]]) -> list[str]:
    """The ids that are neither shown nor waived."""
    waived = load()["waived"]
    return [id_ for id_ in all_ids() if id_ not in shown and id_ not in waived]


def main(arguments: list[str]) -> None:
    """The command."""
    shown = shown_by()
    if "--tests" in arguments:
        for id_ in all_ids():
            print(id_, *shown.get(id_, ["-"]), sep="\n    ")
        return
    if "--missing" not in arguments:
        PRINTED.write_text(table(shown))
    left = missing(shown)
    print(f"{len(all_ids()) - len(left)} of {len(all_ids())} shown or waived", *(["missing:", " ".join(left)] if left else []), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
