"""The fixtures: servers that end with the test, and destinations to move to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server import BINARY, Isocenter, Settings

_running: list[Isocenter] = []


def pytest_sessionstart(session: pytest.Session) -> None:
    if not BINARY.exists() and not session.config.option.collectonly:
        raise pytest.UsageError(f"{BINARY} is missing: build it with `cargo build --release`, or name it in ISOCENTER")


@pytest.fixture(autouse=True)
def no_panic() -> Iterator[None]:
    """After each test: no server that the test talked to has panicked."""
    yield
    for server in _running:
        server.check_log()


def _servers(root: Path) -> Iterator[Callable[..., Isocenter]]:
    made: list[Isocenter] = []

    def make(settings: Settings | None = None, start: bool = True) -> Isocenter:
        server = Isocenter(root / f"server-{len(made) + 1}", settings)
        made.append(server)
        _running.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        try:
            if server.process:
                server.stop()
        finally:
            server.kill()
            _running.remove(server)
            server.check_log()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Isocenter]]:
    """Makes servers of the test's own, each with a directory of its own."""
    yield from _servers(tmp_path)


@pytest.fixture
def server(make_server: Callable[..., Isocenter]) -> Isocenter:
    """A server of the test's own, with the defaults."""
    return make_server()


@pytest.fixture(scope="module")
def make_shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Isocenter]]:
    """Makes servers that the tests of a file share."""
    yield from _servers(tmp_path_factory.mktemp("shared"))
