"""The officer's draft, on the screen and on the desk's disk: read when they come, written after each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from kiosk.desk.drafts import PURPOSE, Draft, DraftFolder, DraftUnreadable
from kiosk.desk.enrolment import Begun, begun
from kiosk.desk.windows.page import Asks

if TYPE_CHECKING:
    from kiosk.desk.windows.enrolment import EnrolmentPage

_KEPT_AFTER_MS: Final = 250
"""After the last key."""


class Keeping(QObject):
    """Nothing is written over what could not be read: a disk that fails now may be well in a moment."""

    def __init__(self, page: EnrolmentPage) -> None:
        super().__init__(page)
        self.page = page
        self.draft = Draft()
        self.folder: DraftFolder | None = None
        self.held_back = False
        """What is on the disk could not be read, and is not to be touched until it can be."""
        self._timer = QTimer(self, singleShot=True, interval=_KEPT_AFTER_MS)
        self._timer.timeout.connect(self._keep)

    @property
    def waits(self) -> bool:
        """Whether something is not written yet."""
        return self._timer.isActive()

    def begin(self) -> None:
        """An officer has come: show what they had begun."""
        equipment = self.page.around.equipment
        secret = equipment.desk.derive_secret(PURPOSE)
        self.folder = DraftFolder(equipment.folder, secret, self.page.me, equipment.clock)
        self.load()

    def load(self) -> None:
        """From the disk."""
        folder = self.folder
        if folder is not None:
            self.page.work(
                lambda _, __: begun(folder),
                lambda found: self._restore(folder, found),
                failed=lambda error: self._not_read(folder, error),
                asks=Asks.NOTHING,
            )

    def changed(self) -> None:
        """Write it, a moment after the last change."""
        self._timer.start()

    def now(self) -> None:
        """Write at once what was changed a moment ago: while it is sent, the sending alone writes, step by step."""
        if self.waits:
            self._timer.stop()
            self._keep()

    def begin_anew(self, draft: Draft) -> None:
        """Another draft is on the screen; whoever changed it knows whether that has to be written."""
        self._timer.stop()
        self.draft = draft

    def forget(self) -> None:
        """Nothing of it stays on the desk. What could not be read goes, too: the officer was asked."""
        folder = self.folder
        if folder is not None:
            self.held_back = False
            version = folder.next_version()
            self.page.work(lambda _, __: folder.discard(version), lambda _: None, asks=Asks.NOTHING)

    def end(self) -> None:
        """What was typed a moment ago is kept, though its officer is gone; whoever loads it next waits for that."""
        self.now()
        self.folder, self.held_back = None, False

    def _keep(self) -> None:
        folder = self.folder
        if folder is not None and not self.held_back and self.page.job is None:
            draft, version = self.draft.model_copy(deep=True), folder.next_version()
            self.page.work(lambda _, __: folder.save(draft, version), lambda _: None, asks=Asks.NOTHING)

    def _restore(self, folder: DraftFolder, found: Begun) -> None:
        if folder is not self.folder:
            return
        if self.held_back:
            self.held_back = False
            self.page.show_draft(Draft(), None)
            self.page.bar.say()
        draft = found.draft
        if draft is not None and not draft.empty and self.draft.empty:
            self.page.show_draft(draft, found.picture)
            self.page.bar.say(_said_of(found, draft))

    def _not_read(self, folder: DraftFolder, error: Exception) -> None:
        """One that will never be read again was put aside; any other is kept, and is tried again."""
        self.page.fail(error)
        if folder is self.folder:
            self.held_back = not isinstance(error, DraftUnreadable)
            self.page.allow()
            self.page.bar.say("held_back" if self.held_back else "put_aside")


def _said_of(found: Begun, draft: Draft) -> str:
    if found.lost_picture:
        return "restored_no_photo"
    return "restored_sent" if draft.sent else "restored"
