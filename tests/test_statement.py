"""`isocenter statement`: what is printed is what the server does. Each claim that can be tried is tried on the wire."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from pydicom.uid import UID_dictionary
from pynetdicom import AE, build_context, build_role

import dicom_data as dd
from exchanges import find_statuses, store_well
from raw_peer import VERIFICATION, RawDestination, command_set, contexts
from server import BINARY, Isocenter

PRESETS = ["standard", "annex-f"]
PRIVATE_CLASS = "1.3.46.670589.2.3.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"

Table = list[dict[str, str]]


def statement(server: Isocenter, *arguments: str) -> str:
    """The statement of the server's own configuration."""
    command = [str(BINARY), "statement", "--config", str(server.config), "--data", str(server.data), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


class Reader(HTMLParser):
    """The tables of the page, by their captions without the number, and its links and anchors."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[Table]] = {}
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self._words: str | None = None
        self._caption, self._columns, self._cells = "", [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if "id" in given:
            self.anchors.append(given["id"])
        if "href" in given:
            self.links.append(given["href"])
        self.outside += [given[name] for name in ("src", "href") if given.get(name) and not given[name].startswith("#")]
        if tag in ("caption", "th", "td"):
            self._words = ""
        if tag == "tr":
            self._cells = []

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        words, self._words = (self._words, None) if tag in ("caption", "th", "td") else ("", self._words)
        if tag == "caption":
            self._caption, self._columns = words.partition(". ")[2], []
            self.tables.setdefault(self._caption, []).append([])
        elif tag == "th":
            self._columns.append(words)
        elif tag == "td":
            self._cells.append(words)
        elif tag == "tr" and self._cells:
            assert len(self._cells) == len(self._columns), f"{self._caption}: {self._cells}"
            self.tables[self._caption][-1].append(dict(zip(self._columns, self._cells)))

    def table(self, caption: str) -> Table:
        [only] = self.tables[caption]
        return only

    def provided(self) -> set[str]:
        """The SOP classes that the overview says are provided."""
        overviews = [table for caption, tables in self.tables.items() if caption.startswith("Network services. ") for table in tables]
        return {row["UID"] for table in overviews for row in table if row["Provider of service (SCP)"] == "Yes"}

    def statuses(self, service: str) -> set[int]:
        """The statuses of a service, those of every service included."""
        own, common = self.table(f"{service} response statuses"), self.table("Common response statuses")
        return {int(row["Code"], 16) for row in own + common}


def read(server: Isocenter, *arguments: str) -> Reader:
    return Reader(statement(server, "--format", "html", *arguments))


@pytest.fixture(scope="module")
def destination() -> Iterator[RawDestination]:
    with RawDestination() as one:
        yield one


@pytest.fixture(scope="module", params=PRESETS)
def server(make_shared_server: Callable[..., Isocenter], destination: RawDestination, request: pytest.FixtureRequest) -> Isocenter:
    peer = {"ae-title": "VIEWER1", "host": "127.0.0.1", "port": destination.port}
    return make_shared_server({"preset": request.param, "peer": [peer], "storage-scp": {"sop-classes-added": [PRIVATE_CLASS]}})


# --- What is accepted ------------------------------------------------------------------------------------------------


def every_class() -> list[str]:
    """Each SOP class that pydicom knows, retired ones too, and the private one."""
    known = [uid for uid, (_, kind, *_) in UID_dictionary.items() if kind in ("SOP Class", "Meta SOP Class")]
    return sorted([*known, PRIVATE_CLASS])


def accepted(port: int, title: str, classes: list[str], syntaxes: list[str], roles: bool = False) -> dict[str, set[str]]:
    """The transfer syntaxes in which an AE accepts each class, one proposed at a time, as pynetdicom learns it."""
    found: dict[str, set[str]] = {}
    pairs = [(one, syntax) for one in classes for syntax in syntaxes]
    for some in (pairs[at : at + 128] for at in range(0, len(pairs), 128)):
        negotiation = [build_role(one, scp_role=True) for one in sorted({one for one, _ in some})] if roles else []
        association = AE("STATEMENT").associate(
            "127.0.0.1", port, [build_context(one, [syntax]) for one, syntax in some], ae_title=title, ext_neg=negotiation
        )
        for context in association.accepted_contexts:
            if not roles or context.as_scp:
                found.setdefault(context.abstract_syntax, set()).update(context.transfer_syntax)
        if association.is_established:
            association.release()
    return found


def entries(server: Isocenter) -> list[tuple[int, str, str]]:
    return [
        (server.store_address[1], server.store_title, "STORAGE-SCP"),
        (server.query_address[1], server.query_title, "QUERY-RETRIEVE-SCP"),
    ]


def test_the_classes_that_are_accepted_are_those_in_the_table_and_no_others(server: Isocenter) -> None:
    """Proposed is what pydicom knows and what is stated: the one table may be newer than the other."""
    provided = read(server).provided()
    proposed = sorted(provided | set(every_class()))
    taken = [set(accepted(port, title, proposed, [dd.IMPLICIT])) for port, title, _ in entries(server)]
    assert provided == set().union(*taken)


def stated(page: Reader, name: str, role: str) -> dict[str, set[str]]:
    """Class by class the transfer syntaxes that the tables of acceptable contexts have for a role."""
    sets = page.table("Sets of transfer syntaxes")
    result: dict[str, set[str]] = {}
    for row in page.table(f"Acceptable presentation contexts of {name}"):
        if role not in row["Role"]:
            continue
        syntaxes = {one["UID"] for one in sets if one[row["Transfer syntax"]]}
        if row["UID"]:
            classes = {row["UID"]}
        else:
            storage = [table for caption, tables in page.tables.items() if "Transfer: storage" in caption for table in tables]
            classes = {one["UID"] for table in storage for one in table}
            assert row["Abstract syntax"].startswith(f"Each of the {len(classes)} storage SOP classes")
        result |= {one: syntaxes for one in classes}
    return result


def test_each_accepted_context_has_the_transfer_syntaxes_of_its_table(server: Isocenter) -> None:
    page = read(server)
    syntaxes = sorted(dd.transfer_syntaxes())
    tried = {dd.CT, dd.US, PRIVATE_CLASS, VERIFICATION, dd.STUDY_FIND, dd.PATIENT_MOVE, dd.STUDY_GET, COMMITMENT}
    for port, title, name in entries(server):
        table = stated(page, name, "SCP")
        assert accepted(port, title, sorted(tried), syntaxes) == {one: table[one] & set(syntaxes) for one in tried & set(table)}, name


def test_sil_001_the_roles_of_c_get_are_those_of_the_table(server: Isocenter) -> None:
    page, tried = read(server), [dd.CT, PRIVATE_CLASS]
    port, title, name = entries(server)[1]
    table = stated(page, name, "SCU, by role selection")
    assert {one: {dd.IMPLICIT, dd.EXPLICIT} for one in tried if one in table} == accepted(
        port, title, tried, [dd.IMPLICIT, dd.EXPLICIT], roles=True
    )
    assert bool(table) == any("GET" in row["SOP class"] for row in page.table("Network services. Query/Retrieve"))


# --- What is answered ------------------------------------------------------------------------------------------------


def test_every_status_that_is_seen_is_in_the_table_of_its_service(server: Isocenter) -> None:
    page = read(server)
    good, other, broken, nameless = (dd.generate(number=n, transfer_syntax=dd.IMPLICIT) for n in range(1, 5))
    peer = server.storage_peer(contexts((dd.CT, [dd.IMPLICIT]), (VERIFICATION, [dd.IMPLICIT])))
    context = peer.context_for(dd.CT)
    seen = {"C-ECHO": {peer.echo()}, "C-STORE": {peer.store(good)}}
    for sop_class, instance, data_set in [
        (dd.CT, good.sop_instance, other.encoded),
        (dd.CT, broken.sop_instance, broken.encoded[:-3]),
        (dd.CT, nameless.sop_instance, b""),
        (dd.CT, "1.2.x", other.encoded),
        (dd.MR, other.sop_instance, other.encoded),
    ]:
        seen["C-STORE"].add(peer.store_response(sop_class, instance, data_set, context).status)
    peer.release()
    assert len(seen["C-STORE"]) > 3, seen
    asking = server.storage_peer(contexts((COMMITMENT, [dd.IMPLICIT])))
    context, seen["N-ACTION"] = asking.context_for(COMMITMENT), set()
    for action, instance, information in [(1, f"{COMMITMENT}.1", b"\x08"), (1, f"{COMMITMENT}.1", b""), (2, f"{COMMITMENT}.1", b""), (1, dd.uid(9), b"")]:
        command = command_set(
            requested_sop_class=COMMITMENT, command_field=0x0130, message_id=asking.next_message_id(),
            data_set_type=1 if information else 0x0101, requested_sop_instance=instance, action_type=action,
        )  # fmt: skip
        asking.send_message(context, command, information or None)
        seen["N-ACTION"].add(asking.read_message().command.status)
    asking.release()
    assert len(seen["N-ACTION"]) > 2, seen

    queries = [("STUDY", {"PatientName": ""}), ("STUDY", {"PatientName": "*", "PatientWeight": "1", "EthnicGroup": ""}),
               ("SERIES", {"SeriesInstanceUID": ""}), ("NONE", {}), (None, {}), ("STUDY", {"PatientName": "TEST*", "StudyDate": "20200101-"})]
    seen["C-FIND"] = set()
    for level, keys in queries:
        pending, _, last = find_statuses(server, level, dd.STUDY_FIND, **keys)
        seen["C-FIND"] |= {*pending, last.status}
    assert len(seen["C-FIND"]) > 2, seen

    seen["C-MOVE"] = set()
    study = {"StudyInstanceUID": good.study}
    for level, keys, where in [("STUDY", study, "VIEWER1"), ("STUDY", study, "NOBODY"), ("STUDY", {"StudyInstanceUID": ""}, "VIEWER1")]:
        mover = server.query_peer(contexts((dd.STUDY_MOVE, [dd.IMPLICIT])))
        seen["C-MOVE"] |= {one.command.status for one in mover.move(dd.STUDY_MOVE, dd.identifier(level, **keys), where)}
        mover.release()
    assert {0x0000, 0xA801, 0xA900} <= seen["C-MOVE"]

    for service, statuses in seen.items():
        assert statuses <= page.statuses(service), f"{service}: {[f'{one:04X}' for one in statuses - page.statuses(service)]}"


def test_a_key_is_matched_as_its_row_says(server: Isocenter) -> None:
    """An unknown key and one in the table: FF01 for the one, FF00 for the other."""
    store_well(server, [dd.generate(study=2)])
    keys = {row["Attribute"]: row for level in ("PATIENT", "STUDY", "SERIES", "IMAGE") for row in read(server).table(f"Keys of level {level}")}
    for keyword in ("PatientID", "PatientBirthDate", "StudyDate", "ModalitiesInStudy", "PatientWeight", "StudyComments"):
        pending, _, last = find_statuses(server, "STUDY", dd.STUDY_FIND, PatientName="*", StudyInstanceUID=dd.uid(1, 2), **{keyword: ""})
        assert last.status == 0x0000
        assert set(pending) <= ({0xFF00} if keyword in keys else {0xFF01}), keyword


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", ["n", "a"])
def test_the_page_is_whole_and_needs_nothing_else(server: Isocenter, template: str) -> None:
    page = read(server, "--template", template)
    assert not page.outside
    assert len(page.anchors) == len(set(page.anchors)) > 40
    assert {link.removeprefix("#") for link in page.links} <= set(page.anchors)


def test_both_formats_and_both_templates_hold_the_same_cells(server: Isocenter) -> None:
    cells = [sorted(cell.replace("section 1", "") for tables in page.tables.values() for table in tables for row in table for cell in row.values())
             for page in (read(server), read(server, "--template", "a"))]
    assert cells[0] == cells[1]
    markdown = statement(server).replace("\\", "").replace("`", "")
    for tables in read(server).tables.values():
        for row in (row for table in tables for row in table):
            assert f"| {' | '.join(row.values())} |" in markdown


def test_the_configuration_in_force_is_stated(server: Isocenter, destination: RawDestination) -> None:
    page = read(server)
    assert page.table("Remote AEs") == [{"AE title": "VIEWER1", "Host": "127.0.0.1", "TCP port": str(destination.port), "May call from": "anywhere", "May": "store, query, retrieve, ask for storage commitment"}]
    local = {row["Application Entity"]: row["TCP port"] for row in page.table("Local AEs")}
    assert local == {"STORAGE-SCU": "None", "STORAGE-SCP": str(server.store_address[1]), "QUERY-RETRIEVE-SCP": str(server.query_address[1])}
    in_force = {row["Setting"]: row["In force"] for tables in page.tables.values() for table in tables for row in table if "A change holds" in row}
    assert in_force["storage-scp.sop-classes-added"] == f'["{PRIVATE_CLASS}"]'
    assert in_force["storage-scp.associations"] == "default"


def test_the_implementation_is_identified_as_in_an_association(server: Isocenter) -> None:
    page = read(server)
    stated = [{row["Property"]: row["Value"] for row in table} for table in page.tables["Implementation class and version"]]
    for port, title, _ in entries(server):
        association = AE("STATEMENT").associate("127.0.0.1", port, [build_context(VERIFICATION)], ae_title=title)
        answer = association.acceptor
        identity = {
            "Implementation Class UID": str(answer.implementation_class_uid),
            "Implementation Version Name": answer.implementation_version_name,
        }
        association.release()
        assert identity in stated


def test_a_refused_configuration_prints_nothing(make_server: Callable[..., Isocenter]) -> None:
    server = make_server({"storage-scp": {"associations": 0}}, start=False)
    command = [str(BINARY), "statement", "--config", str(server.config)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0 and not run.stdout and "storage-scp.associations" in run.stderr
