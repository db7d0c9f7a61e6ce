"""The kiosk's own folder: what is in it, who can read it, and what is left when something broke off."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cardsvc.client import load_key
from kiosk.fleet.state import Identity, NotEnrolled, StateFolder

ME = Identity("https://cards.example", "https://issuer.example", "kiosk-9")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_reads_what_is_in_it(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.next_key()
    folder.take(ME)
    assert mode_of(folder.path) == 0o700
    assert {file.name: mode_of(file) for file in folder.path.iterdir()} == {"key.jwk": 0o600, "kiosk.json": 0o600}
    assert folder.identity == ME


def test_an_attempt_that_broke_off_goes_on_with_its_key(tmp_path: Path) -> None:
    """The service may have taken the key although no answer came."""
    key = StateFolder(tmp_path).next_key()
    assert StateFolder(tmp_path).next_key().thumbprint() == key.thumbprint()


def test_the_key_in_use_stays_until_another_one_is_enrolled(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    first = folder.next_key()
    folder.take(ME)
    second = folder.next_key()
    assert load_key(folder.key_file).thumbprint() == first.thumbprint()
    folder.take(ME)
    assert load_key(folder.key_file).thumbprint() == second.thumbprint() != first.thumbprint()


def test_a_key_that_others_can_read_is_not_enrolled(tmp_path: Path) -> None:
    StateFolder(tmp_path).next_key()
    (tmp_path / "next-key.jwk").chmod(0o644)
    with pytest.raises(PermissionError):
        StateFolder(tmp_path).next_key()


def test_what_was_half_written_is_written_again(tmp_path: Path) -> None:
    (tmp_path / ".next-key.jwk.new").write_text("{")
    assert StateFolder(tmp_path).next_key().is_private


@pytest.mark.parametrize("content", [None, "", "[]", json.dumps({"service": "https://cards.example"})])
def test_a_folder_without_a_kiosk_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "kiosk.json").write_text(content)
    with pytest.raises(NotEnrolled, match="run `kiosk enrol`"):
        _ = StateFolder(tmp_path).identity
