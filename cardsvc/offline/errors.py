"""What is refused about a kiosk's journal."""

from __future__ import annotations

from enum import StrEnum

from cardsvc.errors import ServiceError


class JournalFault(StrEnum):
    """What is wrong with it."""

    ALTERED = "altered"
    """An entry is not what its hash says: changed, moved, or another kiosk's."""
    GAP = "gap"
    """Entries are missing between those that were taken before and these."""
    FORKED = "forked"
    """Another entry was taken in this place before: the journal was lost, or put back to the past."""
    NOT_A_KIOSK = "not-a-kiosk"
    """Whoever brings it is no kiosk: nobody else goes on without a network."""


class JournalRefused(ServiceError):
    """Given back when entries are not the next ones of this kiosk's journal. None of the batch is taken."""

    code = "journal-refused"
    title = "These are not the next entries of the kiosk's journal"

    def __init__(self, fault: JournalFault, sequence: int, taken: int) -> None:
        super().__init__(
            "Nothing of it was taken. A kiosk whose journal is lost is enrolled anew, with another code.",
            fault=fault.value,
            sequence=sequence,
            taken=taken,
        )
        self.fault = fault
        self.sequence = sequence
