from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.reader_names import CONTACT, CONTACTLESS, NoReaderChosen, ReaderSource
from readers.errors import NoSuchReader, PcscUnavailable
from readers.pcsc import context
from readers.pcsc.codes import PcscCode
from readers.roles import Roles, RolesInvalid
from tests.fixtures.fake_scard import FakeScard, Slot

TWIN = ("HID Global OMNIKEY 5422 (KJ1) 00 00", "HID Global OMNIKEY 5422CL (KJ1) 00 01")
BY_SERIAL = '[roles.contact]\nserial = "KJ1"\nslot = 0\n[roles.contactless]\nserial = "KJ1"\nslot = 1\n'


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    """One device with two slots, both empty."""
    fake = FakeScard({name: Slot() for name in TWIN}, attributes={0x10103: b"KJ1\0"})
    monkeypatch.setattr(context, "scard", fake)
    return fake


@pytest.fixture
def roles(tmp_path: Path) -> Roles:
    return load(tmp_path, BY_SERIAL)


def load(folder: Path, text: str) -> Roles:
    file = folder / "readers.toml"
    file.write_text(text)
    return Roles.load(file)


@pytest.fixture
def source(scard: FakeScard, roles: Roles) -> Iterator[ReaderSource]:
    with ReaderSource.of(CONTACT, None, roles) as source:
        yield source


def test_roles_of_a_file(scard: FakeScard, roles: Roles) -> None:
    for role, name in zip((CONTACT, CONTACTLESS), TWIN, strict=True):
        with ReaderSource.of(role, None, roles) as source:
            assert (source().name, source().contactless) == (name, role == CONTACTLESS)


def test_a_name_goes_before_the_file(scard: FakeScard, roles: Roles) -> None:
    with ReaderSource.of(CONTACT, "5422CL", roles) as source:
        assert (source().name, source().contactless) == (TWIN[1], False)


def test_a_slot_is_in_this_process(tmp_path: Path, roles: Roles) -> None:
    with ReaderSource.of(CONTACTLESS, f"slot:{tmp_path / 'slot'}", roles) as source:
        assert source().contactless
        assert not source().wait_for_card(0)


def test_a_reader_that_works_is_not_looked_for_again(scard: FakeScard, source: ReaderSource) -> None:
    reader = source()
    scard.calls.clear()
    assert source() is reader
    assert scard.calls == []


def test_a_reader_that_comes_back_under_another_name(scard: FakeScard, source: ReaderSource) -> None:
    reader = source()
    scard.unplug(TWIN[0])
    with pytest.raises(NoSuchReader):
        reader.wait_for_card(1)
    with pytest.raises(NoSuchReader):
        source()
    scard.slots["HID Global OMNIKEY 5422 (KJ1) 01 00"] = Slot()
    again = source()
    assert again.name == "HID Global OMNIKEY 5422 (KJ1) 01 00"
    assert not again.wait_for_card(0)


def test_a_reader_that_failed_and_is_the_same(scard: FakeScard, source: ReaderSource) -> None:
    reader = source()
    scard.fail("SCardGetStatusChange", PcscCode.NO_SERVICE)
    with pytest.raises(PcscUnavailable):
        reader.wait_for_card(1)
    assert source() is reader
    scard.calls.clear()
    assert source() is reader
    assert scard.calls == []


def test_a_role_that_hangs_on_a_name_is_told(scard: FakeScard, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        ReaderSource.of(CONTACT, None, load(tmp_path, f'[roles.contact]\nname = "{TWIN[0]}"\n'))
    assert [(entry["log_level"], entry["role"]) for entry in logs] == [("warning", CONTACT)]


def test_nobody_says_which_reader(roles: Roles, tmp_path: Path) -> None:
    with pytest.raises(NoReaderChosen, match="--contact NAME or --roles FILE"):
        ReaderSource.of(CONTACT, None, None)
    with pytest.raises(RolesInvalid, match="contactless"):
        ReaderSource.of(CONTACTLESS, None, load(tmp_path, '[roles.contact]\nserial = "KJ1"\n'))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [(None, "--contactless"), ('[roles.contact]\nusb = "1-1"\n', "contactless"), ("nonsense", "readers.toml")],
)
def test_the_command_says_what_is_missing(tmp_path: Path, text: str | None, complaint: str) -> None:
    key, file = tmp_path / "key.jwk", tmp_path / "readers.toml"
    key.write_text(KEY)
    key.chmod(0o600)
    given = [] if text is None else ["--roles", str(file)]
    file.write_text(text or "")
    options = ["--service", "http://127.0.0.1:1", "--client-id", "k", "--key", str(key), "--department", "a=http://b"]
    result = CliRunner().invoke(app, ["run", *options, *given], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert complaint in result.output


KEY = (
    '{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",'
    '"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}'
)
"""RFC 7517 appendix A.2."""
