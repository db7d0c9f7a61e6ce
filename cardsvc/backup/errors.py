"""Why a backup cannot be made or taken back."""

from __future__ import annotations

from pathlib import Path

from cardsvc.errors import ServiceError


class BackupExists(ServiceError):
    """Raised instead of writing over a file."""

    code = "backup-exists"
    title = "There is such a file already"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already: name a new file.", path=str(path))


class NotABackup(ServiceError):
    """Raised when a file is no backup, or one of a version that this program does not know."""

    code = "not-a-backup"
    title = "This is no backup"

    def __init__(self, why: str) -> None:
        super().__init__(f"This file cannot be restored: {why}.", why=why)


class BackupDamaged(ServiceError):
    """Raised when a part of a backup is not what was written into it. Carries the part."""

    code = "backup-damaged"
    title = "The backup was changed"

    def __init__(self, part: str) -> None:
        super().__init__(f"{part} in the backup is not what was saved: take another copy.", part=part)


class RoomTaken(ServiceError):
    """Raised instead of restoring over rows or keys."""

    code = "room-taken"
    title = "There is something already"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"There is something in {what} already. A backup is restored into empty places only.", what=what
        )
