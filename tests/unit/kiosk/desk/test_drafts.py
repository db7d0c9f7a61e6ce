"""Drafts on the desk's disk: whole or not at all, for their officer alone, and gone when they should be."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cardsvc.wire.people import DocumentKind
from kiosk.desk.drafts import KEPT, PHOTO, UNREADABLE, Cut, Draft, DraftFolder, DraftUnreadable, Form, Scan
from kiosk.desk.enrolment import begun

SECRET = bytes(range(32))
DRAFT = Draft(form=Form(name="陈嘉欣", number="M1234567"), scans=[Scan(kind=DocumentKind.OTHER, file="scan-1")])


def folder_of(at: Path, officer: str = "ana", secret: bytes = SECRET) -> DraftFolder:
    return DraftFolder(at, secret, officer)


def keep(folder: DraftFolder, draft: Draft) -> None:
    folder.save(draft, folder.next_version())


def files(at: Path) -> list[Path]:
    return [path for path in at.rglob("*") if path.is_file()]


def test_what_was_kept_is_there_for_another_process(tmp_path: Path) -> None:
    assert folder_of(tmp_path).load() is None
    keep(folder_of(tmp_path), DRAFT)
    assert folder_of(tmp_path).load() == DRAFT


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT)
    folder.write(b"a face", PHOTO)
    assert len(files(tmp_path)) == 2
    for path in files(tmp_path):
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        assert "陈嘉欣".encode() not in path.read_bytes()
        assert b"a face" not in path.read_bytes()
    assert "ana" not in str(files(tmp_path))
    assert "陈嘉欣" not in repr(DRAFT)


def test_each_officer_has_their_own(tmp_path: Path) -> None:
    keep(folder_of(tmp_path), DRAFT)
    assert folder_of(tmp_path, "bo").load() is None


def test_a_draft_of_another_key_or_damaged_is_unreadable(tmp_path: Path) -> None:
    keep(folder_of(tmp_path), DRAFT)
    with pytest.raises(DraftUnreadable):
        folder_of(tmp_path, secret=bytes(32)).load()
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(DraftUnreadable):
        folder_of(tmp_path).load()
    path.write_bytes(b"")
    with pytest.raises(DraftUnreadable):
        folder_of(tmp_path).load()


def test_a_file_cannot_stand_for_another(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.write(b"1", "scan-1")
    folder.write(b"2", "scan-2")
    one, two = sorted(files(tmp_path))
    one.replace(two)
    with pytest.raises(DraftUnreadable):
        folder.read("scan-2")


def test_the_newest_version_stays_and_none_comes_back_after_it_was_discarded(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    newer = Draft(form=Form(name="Chen"))
    first, second, third = (folder.next_version() for _ in range(3))
    folder.save(newer, second)
    folder.save(DRAFT, first)
    folder_of(tmp_path).save(DRAFT, first)
    assert Draft.model_validate_json(folder.read("form")) == newer
    folder.write(b"a face", PHOTO)
    folder.discard(third)
    folder.save(newer, third)
    assert folder.load() is None
    assert files(tmp_path) == []


def test_what_comes_when_its_draft_is_gone_is_not_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    chosen = folder.newest
    assert folder.write(b"a scan", since=chosen) is not None
    folder.discard(folder.next_version())
    assert folder.write(b"a face", PHOTO, since=chosen) is None
    assert files(tmp_path) == []
    assert folder.write(b"another face", PHOTO, since=folder.newest) == PHOTO


def test_an_unreadable_draft_is_put_aside_and_what_can_be_read_is_not(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT)
    folder.put_aside()
    assert folder.load() == DRAFT
    (form,) = files(tmp_path)
    damaged = form.read_bytes()[:-1] + b"?"
    form.write_bytes(damaged)
    with pytest.raises(DraftUnreadable):
        begun(folder)
    (aside,) = files(tmp_path)
    assert (aside.read_bytes(), aside.parent.suffix) == (damaged, UNREADABLE)
    assert begun(folder).draft is None
    keep(folder, DRAFT)
    assert folder.load() == DRAFT


def test_a_photograph_that_is_gone_or_damaged_does_not_take_the_form_with_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT.model_copy(update={"cut": Cut(left=0, top=0, width=35)}))
    for damaged in (False, True):
        if damaged:
            folder_of(tmp_path, secret=bytes(32)).write(b"a face", PHOTO)
        found = begun(folder)
        assert (found.draft, found.picture, found.lost_picture) == (DRAFT, None, True)


def test_whoever_loads_waits_for_what_is_being_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    version = folder.next_version()
    with ThreadPoolExecutor(1) as pool:
        loaded = pool.submit(folder_of(tmp_path).load)
        with pytest.raises(TimeoutError):
            loaded.result(0.1)
        folder.save(DRAFT, version)
        assert loaded.result(5) == DRAFT


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT)

    def full(_: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        keep(folder, Draft())
    assert folder.load() == DRAFT
    assert len(files(tmp_path)) == 1


def test_drafts_that_nobody_finished_go(tmp_path: Path) -> None:
    keep(folder_of(tmp_path, "bo"), DRAFT)
    long_ago = datetime.now(UTC) - KEPT - timedelta(hours=1)
    (path,) = files(tmp_path)
    os.utime(path.parent, (long_ago.timestamp(), long_ago.timestamp()))
    assert folder_of(tmp_path).load() is None
    assert files(tmp_path) == []


def test_a_dismissal_of_an_earlier_release_is_not_believed_and_the_draft_is_kept() -> None:
    earlier = DRAFT.model_dump(mode="json") | {"others": [str(uuid4())]}
    assert Draft.model_validate(earlier) == DRAFT


def test_an_empty_draft_is_known() -> None:
    assert Draft().empty
    assert not DRAFT.empty


NEXT = Draft(form=Form(name="陈小龙"), cut=Cut(left=0, top=0, width=35))


def test_discarding_late_takes_nothing_of_the_draft_that_was_begun_since(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.write(b"a face", PHOTO, since=folder.newest)
    scan = folder.write(b"a paper", since=folder.newest)
    keep(folder, DRAFT)
    discarded = folder.next_version()
    folder.write(b"another face", PHOTO, since=folder.newest)
    keep(folder, NEXT)
    folder.discard(discarded)
    assert folder_of(tmp_path).load() == NEXT
    assert folder.read(PHOTO) == b"another face"
    with pytest.raises(FileNotFoundError):
        folder.read(str(scan))


def test_a_photograph_stays_whose_draft_is_not_written_yet(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT)
    discarded = folder.next_version()
    folder.write(b"another face", PHOTO, since=folder.newest)
    folder.discard(discarded)
    assert folder.read(PHOTO) == b"another face"
    assert folder.load() is None


def test_a_photograph_that_comes_late_takes_the_place_of_no_newer_one(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT)
    chosen = folder.newest
    discarded = folder.next_version()
    folder.write(b"another face", PHOTO, since=folder.newest)
    assert folder.write(b"a face", PHOTO, since=chosen) is None
    folder.discard(discarded)
    assert folder.read(PHOTO) == b"another face"


def test_what_is_sent_still_comes_back_in_the_place_of_no_newer_draft(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    keep(folder, DRAFT)
    sent = folder.newest
    folder.discard(folder.next_version())
    keep(folder, NEXT)
    folder.save(DRAFT, folder.next_version(), since=sent)
    folder.discard(folder.next_version(), since=sent)
    assert folder_of(tmp_path).load() == NEXT
