from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from readers.cli import app
from readers.pcsc.codes import PcscCode
from readers.virtual.card import VirtualCard
from tests.fixtures.authorities import Entity
from tests.fixtures.fake_scard import FakeScard, Slot
from tests.fixtures.tappable import make_tappable, write_pem

CONTACT = "Virtual PCD 00 00"
CONTACTLESS = "Virtual PCD 00 01"


@dataclass(frozen=True, slots=True)
class City:
    """A card of ours, and what is needed to judge it."""

    card: Path
    card_uuid: UUID
    issuing: Entity
    root_pem: str
    issuing_pem: str
    other_pem: str


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("city")
    root = Entity.root()
    issuing = root.authority()
    card = folder / "card.json"
    return City(
        card,
        make_tappable(card, issuing),
        issuing,
        write_pem(folder / "root.pem", [root]),
        write_pem(folder / "issuing.pem", [issuing]),
        write_pem(folder / "other.pem", [Entity.root("Other")]),
    )


@contextmanager
def on_reader(scard: FakeScard, state_file: Path, name: str = CONTACTLESS) -> Iterator[None]:
    card = VirtualCard(state_file, contactless=name == CONTACTLESS)
    scard.put_on(name, card)
    yield
    scard.take_off(name)
    card.close()


def readers(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
    assert result.exit_code == status, f"{result.output}{result.exception!r}"
    return result.output


def readers_json(*arguments: str, status: int = 0) -> Any:
    return json.loads(readers(*arguments, "--json", status=status))


def test_list(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card):
        nothing = {"serial": None, "usb": None, "role": None, "role_is_weak": False}
        assert readers_json("list") == [
            {"name": CONTACT, "contactless": False, "card": False, **nothing},
            {"name": CONTACTLESS, "contactless": True, "card": True, **nothing},
        ]
        assert CONTACTLESS in readers("list")


def test_serials_and_roles_of_readers(scard: FakeScard, tmp_path: Path) -> None:
    scard.attributes = {0x10103: b"KJ1\0"}  # PC/SC part 3 §3.1.2: vendor IFD serial number
    roles = tmp_path / "roles.toml"
    roles.write_text(f'[roles.desk]\nserial = "KJ1"\nslot = 0\n[roles.tap]\nname = "{CONTACTLESS}"\n')
    contact, contactless = readers_json("list", "--roles", str(roles))
    assert (contact["serial"], contact["role"], contact["role_is_weak"]) == ("KJ1", "desk", False)
    assert (contactless["role"], contactless["role_is_weak"]) == ("tap", True)
    assert "weak" in readers("list", "--roles", str(roles))
    roles.write_text("[roles.desk]")
    assert "roles.desk" in readers("list", "--roles", str(roles), status=2)


def test_no_readers(scard: FakeScard) -> None:
    scard.slots.clear()
    assert readers_json("list") == []
    assert "no readers" in readers("list")
    assert readers_json("tap", status=3)["error"] == "no-such-reader"


def test_a_tap_is_three_commands_and_unverified_by_itself(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card):
        report = readers_json("tap")
    assert report["bytes_sent"] <= 80
    assert report["bytes_received"] <= 270
    assert report["ms"] > 0
    del report["bytes_sent"], report["bytes_received"], report["ms"]
    assert report == {
        "reader": CONTACTLESS,
        "contactless": True,
        "card_uuid": str(city.card_uuid),
        "verdict": "unverified",
        "reason": None,
        "apdus": 3,
        "judging": None,
    }


def test_a_genuine_card(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card, CONTACT):
        trust = ("--trust", city.root_pem, "--intermediate", city.issuing_pem)
        report = readers_json("tap", "--reader", CONTACT, *trust)
        assert "genuine" in readers("tap", *trust)
        assert readers_json("tap", "--trust", city.issuing_pem)["verdict"] == "genuine"
    assert (report["verdict"], report["reason"], report["apdus"]) == ("genuine", None, 3)
    assert report["judging"]["apdus"] >= 2


def test_a_card_of_another_authority(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card):
        report = readers_json("tap", "--trust", city.other_pem, "--intermediate", city.issuing_pem, status=1)
        assert "not-genuine: certificate-untrusted" in readers("tap", "--trust", city.other_pem, status=1)
    assert (report["verdict"], report["reason"]) == ("not-genuine", "certificate-untrusted")
    assert (report["card_uuid"], report["apdus"]) == (str(city.card_uuid), 3)


def test_a_card_with_the_certificate_of_another(scard: FakeScard, city: City, tmp_path: Path) -> None:
    make_tappable(tmp_path / "card.json", city.issuing, named=uuid4())
    with on_reader(scard, tmp_path / "card.json"):
        report = readers_json("tap", "--trust", city.issuing_pem, status=1)
    assert (report["verdict"], report["reason"]) == ("not-genuine", "card-inconsistent")


def test_a_card_that_is_not_finished(scard: FakeScard, tmp_path: Path) -> None:
    with on_reader(scard, tmp_path / "blank.json"):
        assert readers_json("tap", status=5)["error"] == "object-not-found"
        assert readers_json("info")["card_uuid"] is None
        assert "not finished" in readers("info")


def test_info(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card, CONTACT):
        seen = readers_json("info")
        assert str(city.card_uuid) in readers("info")
    assert seen["certificates"].keys() == {"9E"}
    assert seen["certificates"]["9E"]["subject"] == "CN=Leaf"
    del seen["certificates"], seen["atr"]
    assert seen == {
        "contactless": False,
        "product": "Yubico 5.3 to 5.6",
        "card_uuid": str(city.card_uuid),
        "expires_on": "2035-01-01",
        "pin_tries_left": 3,
        "pin_verified": False,
    }


def test_info_over_contactless_does_not_know_the_tries(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card):
        seen = readers_json("info")
        assert "does not say" in readers("info")
    assert (seen["pin_tries_left"], seen["pin_verified"]) == (None, False)


def test_what_a_reader_is_can_be_said(scard: FakeScard, city: City) -> None:
    with on_reader(scard, city.card, CONTACT):
        assert readers_json("tap", "--contactless")["contactless"] is True


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (("tap",), 4, "no-card"),
        (("info", "--reader", CONTACT), 4, "no-card"),
        (("tap", "--reader", CONTACT, "--wait", "0.01"), 4, "no-card"),
        (("tap", "--reader", "Omnikey"), 3, "no-such-reader"),
    ],
)
def test_exit_status(scard: FakeScard, arguments: tuple[str, ...], status: int, error: str) -> None:
    assert readers_json(*arguments, status=status)["error"] == error
    assert readers(*arguments, status=status).strip()


def test_without_pcscd(scard: FakeScard) -> None:
    scard.fail("SCardEstablishContext", PcscCode.NO_SERVICE)
    assert readers_json("list", status=3) == {
        "error": "pcsc-unavailable",
        "detail": "pcscd does not answer: install and start it (Debian: packages libpcsclite1 and pcscd)",
    }


def test_cards_in_two_readers(scard: FakeScard, city: City, tmp_path: Path) -> None:
    with on_reader(scard, city.card), on_reader(scard, tmp_path / "blank.json", CONTACT):
        assert "--reader" in readers("tap", status=2)
        assert readers_json("tap", "--reader", CONTACTLESS)["card_uuid"] == str(city.card_uuid)


def test_waiting_for_a_card_that_is_there(scard: FakeScard, city: City) -> None:
    scard.slots = {CONTACTLESS: Slot()}
    with on_reader(scard, city.card):
        assert readers_json("tap", "--wait", "5")["card_uuid"] == str(city.card_uuid)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_trust_file_that_is_none(scard: FakeScard, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "trust.pem"
    if content is not None:
        file.write_text(content)
    assert "trust.pem" in readers("tap", "--trust", str(file), status=2)


def test_help_says_how() -> None:
    for command in ("list", "info", "tap"):
        assert "Example:" in readers(command, "--help")
    assert "serve" in readers("card", "--help")
