from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from readers.machine import DEFAULT_SOCKET, Machine
from tests.fixtures.parts import require

NOBODY = 65_534


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A path short enough for a Unix socket, which libpcsclite is told of."""
    folder = Path(tempfile.mkdtemp(prefix="doctor-", dir="/tmp"))
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(folder / "comm"))
    yield folder / "comm"
    shutil.rmtree(folder)


@pytest.mark.needs("unshare")  # that is: Linux
def test_knocking(short: Path) -> None:
    machine = Machine()
    assert machine.knock() == errno.ENOENT
    with socket.socket(socket.AF_UNIX) as pcscd:
        pcscd.bind(str(short))
        assert machine.knock() == errno.ECONNREFUSED
        pcscd.listen()
        assert machine.knock() == 0
    assert machine.knock() == errno.ECONNREFUSED


@pytest.mark.needs("unshare")
def test_knocking_where_one_may_not(short: Path) -> None:
    short.parent.chmod(0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        assert Machine().knock() == errno.EACCES
    finally:
        os.seteuid(was)
        short.parent.chmod(0o700)


def test_where_the_socket_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PCSCLITE_CSOCK_NAME", raising=False)
    assert (Machine().socket_path, Machine().socket_is_chosen) == (DEFAULT_SOCKET, False)
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/elsewhere")
    assert (Machine().socket_path, Machine().socket_is_chosen) == ("/elsewhere", True)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_readers_on_usb(tmp_path: Path) -> None:
    devices = tmp_path / "bus/usb/devices"
    machine = Machine(sys_root=tmp_path)
    assert machine.usb_readers() == ()
    write(devices / "1-1:1.0/bInterfaceClass", "03\n")  # a keyboard
    assert machine.usb_readers() == ()
    write(devices / "1-2:1.0/bInterfaceClass", "0b\n")
    write(devices / "1-2/manufacturer", "ACS\n")
    write(devices / "1-2/product", "ACR39U ICC Reader\n")
    write(devices / "1-3:1.0/bInterfaceClass", "0b\n")
    assert machine.usb_readers() == ("ACS ACR39U ICC Reader", "an unnamed reader")


def test_a_reader_that_the_kernel_has_taken(tmp_path: Path) -> None:
    driver = tmp_path / "bus/usb/drivers/pn533_usb"
    driver.mkdir(parents=True)
    assert Machine(sys_root=tmp_path).claimed_by_kernel() == ()
    (driver / "1-2:1.0").mkdir()
    assert Machine(sys_root=tmp_path).claimed_by_kernel() == ("pn533_usb",)


def test_the_ccid_driver(tmp_path: Path) -> None:
    assert not Machine(lib=tmp_path).has_ccid_driver()
    (tmp_path / "pcsc/drivers/ifd-ccid.bundle").mkdir(parents=True)
    assert Machine(lib=tmp_path).has_ccid_driver()


def test_who_else_uses_pcsc(tmp_path: Path) -> None:
    library = "7f00-7f01 r-xp 0 00:00 1 /usr/lib/libpcsclite.so.1.0.0\n"
    for number, name, maps in ((1, "init", ""), (4711, "scdaemon", library), (os.getpid(), "pytest", library)):
        write(tmp_path / f"{number}/maps", maps)
        write(tmp_path / f"{number}/comm", f"{name}\n")
    assert Machine(proc=tmp_path).pcsc_clients() == ("scdaemon (4711)",)


def test_this_machine_has_what_the_tests_ask_for() -> None:
    require("pcscd", "pyscard", "unshare")
    machine = Machine()
    assert machine.has_pcscd()
    assert machine.has_pyscard()
    assert machine.has_library()
