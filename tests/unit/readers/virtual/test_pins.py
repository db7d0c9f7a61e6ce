"""PIN and PUK: right, wrong, blocked, unblocked, in every order (SP 800-73-5 part 2 §3.2.1 to §3.2.3)."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from readers.virtual.card import VirtualCard
from readers.virtual.profiles import STRICT, YUBICO_LIKE
from readers.virtual.state import CardState
from readers.virtual.store import StateStore
from tests.fixtures.apdus import Host, host

PIN, PUK = b"123456\xff\xff", b"12345678"
WRONG = b"654321\xff\xff"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


def test_the_tries_are_told(path: Path) -> None:
    card = host(path)
    assert card.status("00200080") == 0x63C3
    assert card.status("00200080", WRONG) == 0x63C2
    assert card.status("00200080") == 0x63C2
    assert card.status("00200080", PIN) == 0x9000
    assert card.status("00200080") == 0x9000, "verified already"
    card.card.reset()
    assert card.status("00200080") == 0x6D00
    card.select()
    assert card.status("00200080") == 0x63C3, "the right PIN gave all tries back"


def test_the_third_wrong_pin_blocks_for_good(path: Path) -> None:
    card = host(path)
    assert [card.status("00200080", WRONG) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert card.status("00200080", PIN) == 0x6983
    card.card.close()
    again = host(path)
    assert again.status("00200080", PIN) == 0x6983
    assert again.status("00200080") == 0x6983


def test_a_wrong_pin_takes_back_what_a_right_one_gave(path: Path) -> None:
    card = host(path)
    card.verify()
    assert card.status("00200080", WRONG) == 0x63C2
    assert card.status("00200080") == 0x63C2


def test_status_reset_forgets_the_pin(path: Path) -> None:
    card = host(path)
    card.verify()
    assert card.status("0020FF80") == 0x9000
    assert card.status("00200080") == 0x63C3
    assert card.status("0020FF80", PIN) == 0x6A80


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00200000", 0x6A88),  # global PIN
        ("00200081", 0x6A88),  # the PUK is not verified
        ("00200096", 0x6A88),  # fingerprint
        ("00200180", 0x6A86),
    ],
)
def test_other_references_are_unknown(path: Path, command: str, status: int) -> None:
    assert host(path).status(command, PIN) == status


@pytest.mark.parametrize("malformed", [b"12345\xff\xff\xff", b"12345A\xff\xff", b"123456\x00\x00", b"\xff" * 8])
def test_what_is_no_pin_costs_a_try_or_not(tmp_path: Path, malformed: bytes) -> None:
    strict = host(tmp_path / "strict", profile=STRICT)
    assert strict.status("00200080", malformed) == 0x6A80
    assert strict.status("00200080") == 0x63C3
    assert host(tmp_path / "yubico", profile=YUBICO_LIKE).status("00200080", malformed) == 0x63C2


@pytest.mark.parametrize("length", [1, 6, 7, 9])
def test_a_pin_has_eight_bytes(path: Path, length: int) -> None:
    card = host(path)
    assert card.status("00200080", b"1" * length) == 0x6A80
    assert card.status("00200080") == 0x63C3


def test_change_the_pin(path: Path) -> None:
    card = host(path)
    assert card.status("00240080", WRONG, b"11223344") == 0x63C2
    assert card.status("00240080", PIN, b"11223344") == 0x9000
    assert card.status("00200080") == 0x9000, "who changed it has shown it"
    assert card.status("00200080", PIN) == 0x63C2
    assert card.status("00200080", b"11223344") == 0x9000


def test_change_the_puk(path: Path) -> None:
    card = host(path)
    assert card.status("00240081", WRONG, b"87654321") == 0x63C2
    assert card.status("00240081", PUK, b"87654321") == 0x9000
    assert card.status("002C0080", PUK, b"11223344") == 0x63C2
    assert card.status("002C0080", b"87654321", b"11223344") == 0x9000


@pytest.mark.parametrize("command", ["00240080", "002C0080"])
def test_a_new_pin_must_be_one(path: Path, command: str) -> None:
    card = host(path)
    old = PIN if command == "00240080" else PUK
    assert card.status(command, old, b"12\xff\xff\xff\xff\xff\xff") == 0x6A80
    assert card.verify() == 0x9000, "nothing has changed"


def test_the_puk_unblocks_the_pin(path: Path) -> None:
    card = host(path)
    for _ in range(3):
        card.status("00200080", WRONG)
    assert card.status("002C0080", PUK, b"11223344") == 0x9000
    assert card.status("00200080") == 0x63C3, "unblocked, not verified"
    assert card.status("00200080", b"11223344") == 0x9000


def test_who_gave_the_old_pin_has_not_given_the_new_one(path: Path) -> None:
    card = host(path)
    card.verify()
    assert card.status("002C0080", PUK, b"11223344") == 0x9000
    assert card.status("00200080") == 0x63C3


def test_a_blocked_puk_unblocks_nothing(path: Path) -> None:
    card = host(path)
    assert [card.status("002C0080", WRONG, PIN) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert card.status("002C0080", PUK, PIN) == 0x6983


def test_contactless_takes_no_pin(path: Path) -> None:
    card = host(path, contactless=True)
    for command in ("00200080", "0020FF80", "00240080", "00240081", "002C0080"):
        assert card.status(command, PIN, PIN) == 0x6982
    assert card.status("00200080") == 0x6982
    card.card.close()
    assert host(path).status("00200080") == 0x63C3, "no try was spent"


class Torn(Exception):
    """The power goes."""


@pytest.mark.parametrize("command", ["00200080", "00240080", "002C0080"])
def test_a_try_is_spent_before_the_comparison(path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Whoever tears the card out as soon as it has begun to write has spent a try; else a PIN could be guessed."""
    secret = "puk" if command == "002C0080" else "pin"
    card = host(path)
    whole = StateStore.replace

    def torn(store: StateStore, state: CardState) -> None:
        whole(store, state)
        raise Torn

    monkeypatch.setattr(StateStore, "replace", torn)
    values = (WRONG,) if command == "00200080" else (WRONG, PIN)
    for left in (2, 1, 0):
        with pytest.raises(Torn):
            card.status(command, *values)
        assert json.loads(path.read_text())[secret]["tries_left"] == left
    assert card.status(command, *values) == 0x6983


def test_a_card_that_cannot_write_compares_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = host(path)

    def full(store: StateStore, state: CardState) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StateStore, "replace", full)
    assert card.status("00200080", PIN) == 0x6581
    assert card.status("00200080") == 0x63C3


class Secrets(RuleBasedStateMachine):
    """PIN and PUK against a model of two counters, with power cuts anywhere."""

    pins = st.sampled_from([PIN, b"11223344", WRONG])
    puks = st.sampled_from([PUK, b"87654321", b"00000000"])

    @initialize()
    def begin(self) -> None:
        self.directory = TemporaryDirectory()
        self.path = Path(self.directory.name) / "card.json"
        self.card: Host = host(self.path)
        self.pin, self.pin_left = PIN, 3
        self.puk, self.puk_left = PUK, 3

    def expected(self, given: bytes, value: bytes, left: int) -> tuple[int, int]:
        """Status word, and tries left afterwards."""
        if not left:
            return 0x6983, 0
        return (0x9000, 3) if given == value else (0x63C0 | (left - 1), left - 1)

    @rule(pin=pins)
    def verify(self, pin: bytes) -> None:
        status, self.pin_left = self.expected(pin, self.pin, self.pin_left)
        assert self.card.status("00200080", pin) == status

    @rule(old=pins, new=pins)
    def change_pin(self, old: bytes, new: bytes) -> None:
        status, self.pin_left = self.expected(old, self.pin, self.pin_left)
        assert self.card.status("00240080", old, new) == status
        self.pin = new if status == 0x9000 else self.pin

    @rule(old=puks, new=puks)
    def change_puk(self, old: bytes, new: bytes) -> None:
        status, self.puk_left = self.expected(old, self.puk, self.puk_left)
        assert self.card.status("00240081", old, new) == status
        self.puk = new if status == 0x9000 else self.puk

    @rule(puk=puks, new=pins)
    def reset_retry_counter(self, puk: bytes, new: bytes) -> None:
        status, self.puk_left = self.expected(puk, self.puk, self.puk_left)
        assert self.card.status("002C0080", puk, new) == status
        if status == 0x9000:
            self.pin, self.pin_left = new, 3

    @rule()
    def off_and_on(self) -> None:
        self.card.card.close()
        self.card = Host(VirtualCard(self.path))
        self.card.select()

    @invariant()
    def the_query_tells_the_counter(self) -> None:
        self.card.status("0020FF80")
        expected = 0x63C0 | self.pin_left if self.pin_left else 0x6983
        assert self.card.status("00200080") == expected

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.card.card.close()
            self.directory.cleanup()


TestSecrets = Secrets.TestCase
TestSecrets.settings = settings(max_examples=30, stateful_step_count=20)  # each step is synchronised to disk
