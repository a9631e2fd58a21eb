"""A kernel without Landlock, or without seccomp: what is said of it, and what becomes of the server.

The kernel is made to seem so by a filter of system calls that is there before the server is, and answers those that make a
sandbox as an older kernel would.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dicom_data as dd
from exchanges import assert_held, store_well
from server import Isocenter, titles
from test_sandbox import status

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7FFF0000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
LANDLOCK_CREATE_RULESET = 444
SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine())


def without(number: int, answer: int, program: list[str]) -> None:
    """In a process of its own: runs a program for which a system call is always answered with an error."""
    instructions = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, SECCOMP_RET_ERRNO | answer), (RETURN, 0, 0, SECCOMP_RET_ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in instructions))
    program_of_filter = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(instructions), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program_of_filter, 0, 0)]:
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    os.execv(program[0], program)


if __name__ == "__main__":
    without(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])


def lacking(number: int | None, answer: int = errno.ENOSYS) -> list[str]:
    """What a server is started by, for a system call that the kernel seems not to have."""
    if number is None:
        pytest.skip("the number of the system call is not known for this machine")
    return [sys.executable, str(Path(__file__).resolve()), str(number), str(answer)]


CALLS = {"Landlock": LANDLOCK_CREATE_RULESET, "seccomp": SECCOMP}
SAID = {"Landlock": "no Landlock of ABI 2 or later", "seccomp": "system call"}


@pytest.mark.parametrize("name", CALLS)
def test_what_the_kernel_lacks_is_said_and_the_rest_of_the_sandbox_is_had(make_server: Callable[..., Isocenter], name: str) -> None:
    server = make_server({}, start=False)
    server.start(wrapper=lacking(CALLS[name]))
    warnings = [line for line in server.log().splitlines() if "WARN" in line]
    assert any(SAID[name] in line for line in warnings), server.log()
    instance = dd.generate()
    store_well(server, [instance])
    assert_held(server, [instance])
    (nursery,) = (pid for pid, title in titles(server).items() if "nursery" in title)
    # The filter of this test counts as one.
    assert status(nursery)["Seccomp_filters"] == ("3" if name == "Landlock" else "1")
    assert status(nursery)["NoNewPrivs"] == "1"


@pytest.mark.parametrize("name", CALLS)
def test_a_required_sandbox_that_the_kernel_has_not_is_refused(make_server: Callable[..., Isocenter], name: str) -> None:
    server = make_server({"sandbox": "required"}, start=False)
    with pytest.raises(AssertionError, match="ended before it was ready"):
        server.start(wrapper=lacking(CALLS[name]))
    assert 'sandbox = "required" cannot be had' in server.log()
    assert SAID[name] in server.log()
