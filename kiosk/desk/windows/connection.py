"""Whether the card service can be reached. While it cannot, it is asked again and again, until it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cardsvc.client import ServiceProblem, ServiceUnreachable
from kiosk.desk.progress import Report
from kiosk.desk.windows.work import Outcomes, Workers

LOOKS_EVERY_MS: Final = 3_000


class Connection(QObject):
    """Told by whoever asks the service for something; looks by itself only while the connection is lost."""

    changed = Signal(bool)

    def __init__(self, workers: Workers, look: Callable[[], None], parent: QObject) -> None:
        """``look`` asks the service whether it is there; raises ServiceUnreachable."""
        super().__init__(parent)
        self.reached = True
        self._workers = workers
        self._look = look
        self._looking = False
        self._timer = QTimer(self, interval=LOOKS_EVERY_MS)
        self._timer.timeout.connect(self._look_again)
        workers.failed.connect(self._heard)

    @Slot(bool)
    def tell(self, reached: bool) -> None:  # noqa: FBT001 - a signal's argument
        """Somebody reached the service, or did not."""
        if reached == self.reached:
            return
        self.reached = reached
        if reached:
            self._timer.stop()
        else:
            self._timer.start()
        self.changed.emit(reached)

    @Slot(object)
    def _heard(self, error: Exception) -> None:
        if isinstance(error, ServiceUnreachable):
            self.tell(reached=False)

    def _look_again(self) -> None:
        if not self._looking:
            self._looking = True
            self._workers.start(self._ask, Outcomes(self._looked, self._looked_in_vain))

    def _ask(self, _: Report) -> None:
        self._look()

    def _looked(self, _: object) -> None:
        self._looking = False
        self.tell(reached=True)

    def _looked_in_vain(self, error: Exception) -> None:
        self._looking = False
        if isinstance(error, ServiceProblem):  # a refusal is an answer
            self.tell(reached=True)
