"""Photograph and papers, which are read beside the window. What comes when its draft is gone belongs to nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from cardsvc.wire.people import DocumentKind
from kiosk.desk.cropping import Frame, PhotographRefused
from kiosk.desk.drafts import DraftFolder, Scan
from kiosk.desk.enrolment import photograph
from kiosk.desk.windows.page import Asks

if TYPE_CHECKING:
    from kiosk.desk.windows.enrolment import EnrolmentPage


class Attaching(QObject):
    """Takes what the officer chose into the draft it was chosen for."""

    def __init__(self, page: EnrolmentPage) -> None:
        super().__init__(page)
        self.page = page
        self._under_way: list[object] = []
        page.portrait.file_chosen.connect(lambda path: self._take_photo(path.read_bytes))
        page.portrait.taken.connect(lambda picture: self._take_photo(lambda: picture))
        page.scans.added.connect(self._add_scan)
        page.scans.removed.connect(self._remove_scan)

    @property
    def busy(self) -> bool:
        """Whether something is still read that belongs to the draft."""
        return bool(self._under_way)

    def begin_anew(self) -> None:
        """Another draft: what is still read is none of its business."""
        self._under_way = []

    def _take_photo(self, read: Callable[[], bytes]) -> None:
        self._read(lambda folder, since: photograph(folder, read(), since), self._show_photo, self._no_photo)

    def _add_scan(self, kind: str, path: Path) -> None:
        def add(file: str) -> None:
            self.page.draft.scans.append(Scan(kind=DocumentKind(kind), file=file, title=path.name))
            self.page.around.say("")  # that another could not be read
            self.page.bar.say()
            self.page.judge()
            self.page.changed()

        self._read(lambda folder, since: folder.write(path.read_bytes(), since=since), add, self.page.fail)

    def _read(
        self,
        steps: Callable[[DraftFolder, int], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """``steps`` is given the folder, and the number by which that knows whether the draft is there still."""
        folder, draft = self.page.folder, self.page.draft
        if folder is None:
            return
        since, under_way = folder.newest, self._under_way
        token = object()
        under_way.append(token)

        def settle(tell: Callable[[Any], None], what: Any) -> None:
            under_way.remove(token)
            if draft is self.page.draft and what is not None:
                tell(what)

        self.page.work(
            lambda _, __: steps(folder, since),
            lambda result: settle(done, result),
            failed=lambda error: settle(failed, error),
            asks=Asks.NOTHING,
        )

    def _show_photo(self, taken: tuple[bytes, Frame]) -> None:
        self.page.portrait.show_picture(*taken)
        self.page.reframed()
        self.page.portrait.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _no_photo(self, error: Exception) -> None:
        match error:
            case PhotographRefused():
                self.page.portrait.refuse(error.reason)
            case OSError():
                self.page.portrait.refuse("unreadable")
            case _:
                self.page.fail(error)

    def _remove_scan(self, file: str) -> None:
        folder, draft = self.page.folder, self.page.draft
        if folder is not None:
            draft.scans = [scan for scan in draft.scans if scan.file != file or scan.attached]
            if file not in {scan.file for scan in draft.scans}:
                self.page.work(lambda _, __: folder.remove(file), lambda _: None, asks=Asks.NOTHING)
            self.page.judge()
            self.page.changed()
