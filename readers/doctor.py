"""Why is no card seen, and what is to be done about it?

`diagnose` goes from PC/SC to the cards, in the order in which one thing needs the other, and stops where nothing more
can be seen. No step changes anything: no PIN is asked for and no try is spent.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from readers.connection import CardReader
from readers.errors import (
    CardBusy,
    CardMute,
    CardRemoved,
    NoCard,
    NoSuchReader,
    NotAPivCard,
    ObjectNotFound,
    Outcome,
    PcscUnavailable,
    ReaderError,
    ReaderFailed,
)
from readers.limits import in_time
from readers.piv.session import PivSession

PATIENCE_SECONDS: Final = 8.0
"""How long a card may take for SELECT and its CHUID before it counts as mute."""
_SECURITY_VIOLATION: Final = 0x8010006A
"""What pcscd answers to whom polkit does not let in."""


class Diagnosis(StrEnum):
    """What can be found."""

    NO_PYSCARD = "no-pyscard"
    NO_LIBRARY = "no-libpcsclite"
    NO_PCSCD = "no-pcscd"
    PCSCD_NOT_RUNNING = "pcscd-not-running"
    WRONG_SOCKET = "wrong-socket"
    PCSCD_GONE = "pcscd-gone"
    NO_PERMISSION = "no-permission"
    POLKIT = "refused-by-polkit"
    PCSCD_SILENT = "pcscd-silent"
    NO_DRIVER = "no-driver"
    NOT_SERVED = "reader-not-served"
    TAKEN_BY_KERNEL = "reader-taken-by-kernel"
    NO_READER = "no-reader"
    READER_GONE = "reader-gone"
    READER_FAILED = "reader-failed"
    NO_CARD = "no-card"
    WRONG_WAY_ROUND = "wrong-way-round"
    CARD_MUTE = "card-mute"
    CARD_BUSY = "card-busy"
    NOT_PIV = "not-a-piv-card"
    UNFINISHED = "unfinished-card"
    CARD_UNREADABLE = "card-unreadable"
    CARD_SEEN = "card-seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, about PC/SC or about one reader."""

    diagnosis: Diagnosis
    detail: str = ""
    reader: str | None = None

    @property
    def sentence(self) -> str:
        """What is the matter."""
        return _MEANING[self.diagnosis][0]

    @property
    def advice(self) -> str:
        """What to do; empty where all is well."""
        return _MEANING[self.diagnosis][1]

    @property
    def exit_status(self) -> int:
        """As the table of ``readers`` has it."""
        return _MEANING[self.diagnosis][2]


class Circumstances(Protocol):
    """What can be seen of a machine without PC/SC: `readers.machine.Machine`."""

    @property
    def socket_path(self) -> str: ...
    @property
    def socket_is_chosen(self) -> bool: ...
    def has_pyscard(self) -> bool: ...
    def has_library(self) -> bool: ...
    def has_pcscd(self) -> bool: ...
    def knock(self) -> int: ...
    def usb_readers(self) -> tuple[str, ...]: ...
    def claimed_by_kernel(self) -> tuple[str, ...]: ...
    def has_ccid_driver(self) -> bool: ...
    def pcsc_clients(self) -> tuple[str, ...]: ...


def diagnose(
    machine: Circumstances,
    list_readers: Callable[[], Sequence[CardReader]],
    patience: float = PATIENCE_SECONDS,
) -> tuple[Finding, ...]:
    """Everything that is wrong, or one finding for each reader. ``patience`` is in seconds."""
    trouble = _software(machine)
    if trouble is not None:
        return (trouble,)
    try:
        readers = in_time(list_readers, patience, "list readers", Outcome.NOT_SENT)
    except ReaderError as error:
        return (_refused(error),)
    if not readers:
        return (_no_reader(machine),)
    return tuple(_look_at(reader, machine, patience) for reader in readers)


def exit_status(findings: Sequence[Finding]) -> int:
    """0 where a card is seen in any reader; else that of the finding that came furthest."""
    statuses = {finding.exit_status for finding in findings}
    return 0 if 0 in statuses else max(statuses)


def _software(machine: Circumstances) -> Finding | None:
    if not machine.has_library():
        return Finding(Diagnosis.NO_LIBRARY)
    if not machine.has_pyscard():
        return Finding(Diagnosis.NO_PYSCARD)
    refused = machine.knock()
    return _daemon(machine, refused) if refused else None


def _daemon(machine: Circumstances, refused: int) -> Finding:
    if refused in (errno.EACCES, errno.EPERM):
        return Finding(Diagnosis.NO_PERMISSION, machine.socket_path)
    if refused == errno.ECONNREFUSED:
        return Finding(Diagnosis.PCSCD_GONE, machine.socket_path)
    if machine.socket_is_chosen:
        return Finding(Diagnosis.WRONG_SOCKET, machine.socket_path)
    return Finding(Diagnosis.PCSCD_NOT_RUNNING if machine.has_pcscd() else Diagnosis.NO_PCSCD)


def _refused(error: ReaderError) -> Finding:
    if isinstance(error, ReaderFailed) and error.code == _SECURITY_VIOLATION:
        return Finding(Diagnosis.POLKIT)
    return Finding(Diagnosis.PCSCD_SILENT, str(error))


def _no_reader(machine: Circumstances) -> Finding:
    taken, plugged = machine.claimed_by_kernel(), machine.usb_readers()
    if taken:
        return Finding(Diagnosis.TAKEN_BY_KERNEL, ", ".join(taken))
    if not plugged:
        return Finding(Diagnosis.NO_READER)
    served = Diagnosis.NOT_SERVED if machine.has_ccid_driver() else Diagnosis.NO_DRIVER
    return Finding(served, ", ".join(plugged))


def _look_at(reader: CardReader, machine: Circumstances, patience: float) -> Finding:
    asked = threading.Event()
    """Set once the card gave an answer to reset and is asked something."""

    def ask() -> str:
        with reader.connect() as connection:
            asked.set()
            return str(PivSession.open(connection).read_chuid().guid)

    try:
        uuid = in_time(ask, patience, "look at the card", Outcome.UNKNOWN)
        return Finding(Diagnosis.CARD_SEEN, f"card UUID {uuid}", reader.name)
    except CardMute as error:
        # Only a card in a slot can be the wrong way round, and then it is not even powered.
        turned = not (asked.is_set() or reader.contactless)
        return Finding(Diagnosis.WRONG_WAY_ROUND if turned else Diagnosis.CARD_MUTE, str(error), reader.name)
    except CardBusy:
        return Finding(Diagnosis.CARD_BUSY, ", ".join(machine.pcsc_clients()), reader.name)
    except ReaderError as error:
        return Finding(_of_card(error), "" if isinstance(error, NoCard) else str(error), reader.name)


def _of_card(error: ReaderError) -> Diagnosis:
    if isinstance(error, ReaderFailed) and error.code == _SECURITY_VIOLATION:
        return Diagnosis.POLKIT
    return next((diagnosis for kind, diagnosis in _BY_ERROR if isinstance(error, kind)), Diagnosis.CARD_UNREADABLE)


_BY_ERROR: Final = (
    (NoCard, Diagnosis.NO_CARD),
    (CardRemoved, Diagnosis.NO_CARD),
    (NoSuchReader, Diagnosis.READER_GONE),
    (PcscUnavailable, Diagnosis.PCSCD_SILENT),
    (ReaderFailed, Diagnosis.READER_FAILED),
    (NotAPivCard, Diagnosis.NOT_PIV),
    (ObjectNotFound, Diagnosis.UNFINISHED),
)
"""The first that fits."""


_RESTART: Final = "Restart it: sudo systemctl restart pcscd.socket pcscd (without systemd: sudo pcscd)."

_MEANING: Final[dict[Diagnosis, tuple[str, str, int]]] = {
    Diagnosis.NO_PYSCARD: (
        "pyscard is not installed.",
        "Install libpcsclite-dev and a C compiler, then the extra: pip install 'citizen-card[pcsc]'.",
        3,
    ),
    Diagnosis.NO_LIBRARY: ("libpcsclite is not installed.", "Install it: sudo apt install libpcsclite1.", 3),
    Diagnosis.NO_PCSCD: ("pcscd is not installed.", "Install it: sudo apt install pcscd.", 3),
    Diagnosis.PCSCD_NOT_RUNNING: (
        "pcscd is installed and does not run.",
        "Start it: sudo systemctl enable --now pcscd.socket (without systemd: sudo pcscd).",
        3,
    ),
    Diagnosis.WRONG_SOCKET: (
        "Nothing is at the socket that PCSCLITE_CSOCK_NAME names.",
        "Unset PCSCLITE_CSOCK_NAME to use the machine's own pcscd, or start the one it names.",
        3,
    ),
    Diagnosis.PCSCD_GONE: ("pcscd has ended and left its socket behind.", _RESTART, 3),
    Diagnosis.NO_PERMISSION: (
        "This user may not open pcscd's socket.",
        "Look at the socket's mode and that of its folders (ls -l); in a container, mount it with the right owner.",
        3,
    ),
    Diagnosis.POLKIT: (
        "pcscd refuses this user: polkit does not allow it smart cards.",
        (
            "Allow org.debian.pcsc-lite.access_pcsc and access_card for this user, under /etc/polkit-1/rules.d; "
            "by default they are for whoever sits at the machine, not for ssh sessions and services."
        ),
        3,
    ),
    Diagnosis.PCSCD_SILENT: ("pcscd is there and does not answer.", _RESTART, 3),
    Diagnosis.NO_DRIVER: (
        "A reader is plugged in, and its driver is not installed.",
        "Install it: sudo apt install libccid; then restart pcscd.",
        3,
    ),
    Diagnosis.NOT_SERVED: (
        "A reader is plugged in, and pcscd does not serve it.",
        (
            "Plug it in again. Another program may hold it (GnuPG's scdaemon: put disable-ccid into scdaemon.conf); "
            "a virtual machine or container needs the USB device passed on. sudo pcscd --foreground --debug says more."
        ),
        3,
    ),
    Diagnosis.TAKEN_BY_KERNEL: (
        "The kernel's NFC driver has taken the reader.",
        "Unload it (sudo modprobe -r pn533_usb port100) and put it on the blacklist in /etc/modprobe.d.",
        3,
    ),
    Diagnosis.NO_READER: ("No reader is connected.", "Plug one in, straight into the machine and not into a hub.", 3),
    Diagnosis.READER_GONE: ("The reader has just been unplugged.", "Plug it in again; look at its cable.", 3),
    Diagnosis.READER_FAILED: ("The reader failed.", "Plug it in again, then try another card and another reader.", 5),
    Diagnosis.NO_CARD: (
        "The reader is empty.",
        "Put the card in with its contacts first and upwards, until it clicks; hold a contactless one to the mark.",
        4,
    ),
    Diagnosis.WRONG_WAY_ROUND: (
        "The card in the slot gives no sign of life: it may be the wrong way round.",
        "Turn it: contacts first and upwards. If that changes nothing, wipe the contacts and try another card.",
        5,
    ),
    Diagnosis.CARD_MUTE: (
        "The card has stopped answering.",
        "Take it away and put it on again; hold a contactless one still. If others work here, this one is broken.",
        5,
    ),
    Diagnosis.CARD_BUSY: (
        "Another program holds the card for itself.",
        "End that program, or have it let go of the card. These use PC/SC now, as far as this user may see.",
        5,
    ),
    Diagnosis.NOT_PIV: ("There is a card, and it is no PIV card.", "Try a citizen card.", 5),
    Diagnosis.UNFINISHED: (
        "There is a PIV card that nobody has finished: it has no CHUID.",
        "Issue it, or take another.",
        5,
    ),
    Diagnosis.CARD_UNREADABLE: (
        "There is a card, and its answers make no sense.",
        "Try it in another reader; readers --trace info shows what it says.",
        5,
    ),
    Diagnosis.CARD_SEEN: ("A PIV card is seen.", "", 0),
}
"""Sentence, advice, exit status."""
