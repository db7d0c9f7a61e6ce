"""The card's memory: its form, its file, its lock."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import CardBusy, CardMute
from readers.piv.identifiers import Algorithm
from readers.virtual.profiles import PROFILES, STRICT, YUBICO_LIKE, CardProfile
from readers.virtual.state import CardState, KeySlot, ManagementKey, Origin, PinPolicy, Secret
from readers.virtual.store import StateStore
from tests.fixtures.apdus import host

secrets = st.builds(Secret, st.binary(min_size=8, max_size=8), st.integers(1, 15), st.integers(0, 15))
slots = st.builds(
    KeySlot,
    st.sampled_from(Algorithm),
    st.binary(max_size=64),
    st.sampled_from(PinPolicy),
    st.integers(1, 3),
    st.sampled_from(Origin),
)
states = st.builds(
    CardState,
    st.sampled_from(sorted(PROFILES.values(), key=lambda profile: profile.name)),
    st.integers(0, 2**31 - 1),
    secrets,
    secrets,
    st.builds(ManagementKey, st.sampled_from(Algorithm), st.binary(max_size=32)),
    st.dictionaries(st.integers(0, 0xFF), slots, max_size=5),
    st.dictionaries(st.integers(0, 0xFFFFFF), st.binary(max_size=64), max_size=5),
)


@given(states)
def test_it_comes_back_as_it_was(state: CardState) -> None:
    assert CardState.from_json(state.to_json()) == state


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_it_shows_no_secret(profile: CardProfile) -> None:
    pin, puk, management, private, personal = (bytes([byte]) * 8 for byte in b"Pqw~^")
    state = replace(
        CardState.blank(profile, serial=7),
        pin=Secret(pin),
        puk=Secret(puk),
        management=ManagementKey(Algorithm.AES_128, management),
        keys={0x9A: KeySlot(Algorithm.ECC_P256, private, PinPolicy.ONCE)},
        objects={0x5FC109: personal},
    )
    shown = repr(state)
    for secret in (pin, puk, management, private, personal):
        assert secret.decode() not in shown
        assert secret.hex() not in shown


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


def test_a_new_card_is_blank(path: Path) -> None:
    store = StateStore.open(path, new=YUBICO_LIKE)
    state = store.state
    store.close()
    assert (state.pin.value, state.puk.value) == (b"123456\xff\xff", b"12345678")
    assert state.management == ManagementKey(Algorithm.TDES, bytes.fromhex("0102030405060708" * 3))
    assert not state.keys
    assert not state.objects


def test_only_its_owner_may_read_it(path: Path) -> None:
    StateStore.open(path, new=STRICT).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    card = host(path)
    card.verify()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_card_stays_the_product_it_is(path: Path) -> None:
    StateStore.open(path, new=STRICT).close()
    store = StateStore.open(path, new=YUBICO_LIKE)
    assert store.state.profile is STRICT
    store.close()


def test_one_reader_at_a_time_whatever_is_written(path: Path) -> None:
    first = StateStore.open(path, new=YUBICO_LIKE)
    for tries in (2, 1, 3):
        with pytest.raises(CardBusy):
            StateStore.open(path, new=YUBICO_LIKE)
        first.replace(first.state.with_object(0x5FC102, bytes((tries,))))
    first.close()
    second = StateStore.open(path, new=YUBICO_LIKE)
    assert second.state.objects[0x5FC102] == b"\x03"
    second.close()


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("step", ["write", "fsync", "fchmod"])
def test_a_cut_in_the_middle_of_a_write_leaves_the_old_state(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = StateStore.open(path, new=YUBICO_LIKE)
    store.replace(store.state.with_object(0x5FC102, b"old"))

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(os, step, cut)
        try:
            store.replace(store.state.with_object(0x5FC102, b"new"))
        except PowerCut:
            assert store.state.objects[0x5FC102] == b"old"
    expected = store.state
    store.close()
    again = StateStore.open(path, new=YUBICO_LIKE)
    assert again.state == expected
    again.replace(again.state.with_object(0x5FC102, b"newer"))
    again.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_using_the_card_does_not_write(path: Path) -> None:
    """Flash wears out, and a tap should not wait for a disk."""
    card = host(path)
    card.authenticate()
    card.generate(0x9E)
    card.put(0x5FC102, b"x")
    before = path.stat()
    card.select()
    card.get(0x5FC102)
    assert card.sign(0x9E, bytes(32)).status == 0x9000
    card.status("00200080")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 2}', "null", '{"format": 1, "profile": "no such product"}'])
def test_what_is_no_card_is_mute(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(CardMute):
        StateStore.open(path, new=YUBICO_LIKE)
    assert path.read_text() == content


def test_the_error_of_a_broken_file_tells_no_secret(path: Path) -> None:
    StateStore.open(path, new=YUBICO_LIKE).close()
    raw = json.loads(path.read_text())
    raw["pin"]["value"] = "secret"
    path.write_text(json.dumps(raw))
    with pytest.raises(CardMute) as error:
        StateStore.open(path, new=YUBICO_LIKE)
    assert "secret" not in str(error.value)
    assert error.value.__suppress_context__
