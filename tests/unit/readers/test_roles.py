from __future__ import annotations

from pathlib import Path

import pytest

from readers.errors import AmbiguousReader, NoSuchReader
from readers.roles import Identity, Roles, RolesInvalid

TWIN_CONTACT = Identity("HID Global OMNIKEY 5422 [CCID Interface] (KJ1) 00 00", "KJ1", "1-2.3")
TWIN_CONTACTLESS = Identity("HID Global OMNIKEY 5422CL [CCID Interface] (KJ1) 00 01", "KJ1", "1-2.3")
PLAIN = Identity("Gemalto PC Twin Reader 01 00", None, "1-1")
VIRTUAL = Identity("Virtual PCD 00 01")
ALL = (TWIN_CONTACT, TWIN_CONTACTLESS, PLAIN, VIRTUAL)


def roles(tmp_path: Path, text: str) -> Roles:
    file = tmp_path / "readers.toml"
    file.write_text(text)
    return Roles.load(file)


@pytest.mark.parametrize(
    ("table", "reader"),
    [
        ('serial = "KJ1"\nslot = 0', TWIN_CONTACT),
        ('serial = "KJ1"\nslot = 1', TWIN_CONTACTLESS),
        ('usb = "1-1"', PLAIN),
        ('name = "Virtual PCD 00 01"', VIRTUAL),
    ],
)
def test_a_role_has_one_reader_whatever_the_order(tmp_path: Path, table: str, reader: Identity) -> None:
    found = roles(tmp_path, f"[roles.contact]\n{table}")
    assert found.reader_of("contact", ALL) == found.reader_of("contact", ALL[::-1]) == reader
    assert found.role_of(reader) == ("contact", table.startswith("name"))


def test_a_name_is_not_a_part_of_a_name(tmp_path: Path) -> None:
    with pytest.raises(NoSuchReader) as raised:
        roles(tmp_path, '[roles.contact]\nname = "Virtual PCD"').reader_of("contact", ALL)
    assert raised.value.present == tuple(reader.name for reader in ALL)


def test_two_slots_of_one_device_want_a_slot(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousReader) as raised:
        roles(tmp_path, '[roles.contact]\nserial = "KJ1"').reader_of("contact", ALL)
    assert raised.value.present == (TWIN_CONTACT.name, TWIN_CONTACTLESS.name)


def test_a_role_nobody_has(tmp_path: Path) -> None:
    found = roles(tmp_path, '[roles.contact]\nusb = "9-9"')
    assert found.role_of(PLAIN) is None
    with pytest.raises(RolesInvalid, match="desk"):
        found.reader_of("desk", ALL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no toml",
        "[readers.contact]",
        "[roles]\ncontact = 1",
        "[roles.contact]",
        '[roles.contact]\nserial = ""',
        "[roles.contact]\nserial = 7",
        '[roles.contact]\nserial = "a"\nusb = "1-1"',
        '[roles.contact]\nserial = "a"\nslot = "0"',
        '[roles.contact]\nserial = "a"\ncolour = "red"',
    ],
)
def test_files_that_make_no_sense(tmp_path: Path, text: str) -> None:
    with pytest.raises(RolesInvalid):
        roles(tmp_path, text)
