"""Real readers, through PC/SC: the only importer of `smartcard` (pyscard, extra ``pcsc``).

pyscard's low-level functions are used, not its classes: those hide status codes, poll, and its card monitor dies
silently when pcscd is restarted. Every connection and every wait has a PC/SC context of its own, since calls in one
context wait for each other.

Which pcscd is spoken to is libpcsclite's choice: ``PCSCLITE_CSOCK_NAME`` names its socket, read once per process.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from readers.errors import CardMute, CardRemoved, NoCard, NoSuchReader, PcscUnavailable, ReaderError
from readers.pcsc_codes import PcscCode, check, normalise
from readers.t0 import to_tpdu

try:
    from smartcard import scard
except ImportError:
    scard = None


_INSTALL: Final = (
    "real readers need pyscard: install the extra 'pcsc' (it builds with libpcsclite-dev and a C compiler)"
)

_LOST: Final = frozenset({PcscCode.NOT_TRANSACTED, PcscCode.NO_SMARTCARD})
"""A command got no answer. Whether the card is gone or mute, pcscd notices a moment later only."""
_REMOVAL_NOTICED: Final = 1.0
"""Seconds in which pcscd notices that a card is gone: it looks every 400 ms at readers that cannot tell themselves."""

_CONTACTLESS_NAMES: Final = re.compile(
    r"contactless|\bNFC\b|\bRFID\b"
    r"|\bPICC\b"  # ACS and Circle: the contactless one of two interfaces
    r"|\bCL\b"  # Identiv, Circle, Feitian, HID
    r"|OMNIKEY 5022\b"  # contactless only, and does not say so
    r"|^Virtual PCD \d\d 01$",  # vpcd's second slot, where we serve the contactless side of virtual cards
    re.IGNORECASE,
)
"""How readers that cards are held to call themselves. PC/SC has no better way to tell; a reader that says nothing of
the kind counts as a contact reader, so name it with ``contactless=True`` if it is not."""

_BACK_OFF: Final = (0.05, 0.1, 0.2, 0.4)
"""Seconds between tries when another process holds the card: most hold it for one command."""

_NO_PROTOCOL: Final = 0
_UNAWARE: Final = 0x0000
_CHANGED: Final = 0x0002
_GONE: Final = 0x0004 | 0x0008
"""SCARD_STATE_UNKNOWN and SCARD_STATE_UNAVAILABLE: the reader itself."""
_PRESENT: Final = 0x0020
_MUTE: Final = 0x0200
_PLUG_AND_PLAY: Final = "\\\\?PnP?\\Notification"
"""A reader that is none: its state changes when readers come or go."""
_EVENT_COUNT_SHIFT: Final = 16
"""pcsc-lite counts insertions and removals in the upper half of a reader's state."""
_INFINITE: Final = 0x7FFFFFFF
_CANCEL_AGAIN: Final = 0.02
"""Seconds."""


def list_readers() -> list[PcscReader]:
    """All readers that pcscd knows, in its order. Raises PcscUnavailable."""
    with _Context() as context:
        code, names = _pcsc().SCardListReaders(context.handle, [])
    if normalise(code) == PcscCode.NO_READERS_AVAILABLE:
        return []
    check(code, "list readers")
    return [PcscReader(name) for name in names]


def find_reader(name: str, *, contactless: bool | None = None) -> PcscReader:
    """The reader of this name, or the only one whose name has this in it, whatever the case.

    ``contactless`` overrides what the name says. Raises NoSuchReader, also when several would do; PcscUnavailable.
    """
    names = [reader.name for reader in list_readers()]
    matches = [name] if name in names else [known for known in names if name.casefold() in known.casefold()]
    if len(matches) != 1:
        raise NoSuchReader(name, tuple(names))
    return PcscReader(matches[0], contactless=contactless)


def attribute(name: str, identifier: int) -> bytes:
    """An attribute of a reader (PC/SC part 3 §3.1.2), whether or not there is a card. Raises ReaderError.

    It may block while a card holds the reader.
    """
    pcsc = _pcsc()
    with _Context() as context:
        code, handle, _ = pcsc.SCardConnect(context.handle, name, pcsc.SCARD_SHARE_DIRECT, _NO_PROTOCOL)
        check(code, "reach the reader")
        try:
            code, value = pcsc.SCardGetAttrib(handle, identifier)
            check(code, "read an attribute of the reader")
            return bytes(value)
        finally:
            pcsc.SCardDisconnect(handle, pcsc.SCARD_LEAVE_CARD)


class PcscReader:
    """A reader known by its full name (`readers.connection.CardReader`)."""

    def __init__(self, name: str, *, contactless: bool | None = None) -> None:
        """``contactless`` overrides what the name says."""
        self._name = name
        self._contactless = bool(_CONTACTLESS_NAMES.search(name)) if contactless is None else contactless
        self._waits = _Waits()

    def __repr__(self) -> str:
        return f"<PcscReader {self._name!r}{' contactless' if self._contactless else ''}>"

    @property
    def name(self) -> str:
        """Full name as pcscd gives it."""
        return self._name

    @property
    def contactless(self) -> bool:
        """Whether cards are held to it."""
        return self._contactless

    @contextlib.contextmanager
    def connect(self) -> Iterator[PcscConnection]:
        """Connect to the card that is there, shared with other processes.

        Raises NoCard, CardBusy, CardMute, NoSuchReader, PcscUnavailable.
        """
        connection = PcscConnection.open(self)
        try:
            yield connection
        finally:
            connection.close()

    def wait_for_card(self, timeout: float | None = None) -> bool:
        """Block until a card is present. Raises NoSuchReader when the reader goes away, PcscUnavailable."""
        return self._wait(lambda state, _: bool(state & _PRESENT), timeout)

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        """Block until the card of now is gone; a card swapped for another in no time counts. Raises PcscUnavailable."""
        try:
            return self._wait(lambda state, first: not state & _PRESENT or _events(state) != _events(first), timeout)
        except NoSuchReader:
            return True

    def cancel(self) -> None:
        """Wake up all who wait."""
        self._waits.cancel()

    def present(self) -> bool:
        """Whether a card is there now."""
        return self.wait_for_card(timeout=0)

    def _wait(self, arrived: Callable[[int, int], bool], timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        first, known = None, _UNAWARE
        with _Context() as context, self._waits.of(context) as wait:
            while not wait.cancelled:
                code, states = _pcsc().SCardGetStatusChange(context.handle, _left(deadline), [(self._name, known)])
                if normalise(code) in (PcscCode.TIMEOUT, PcscCode.CANCELLED):
                    return False
                if normalise(code) == PcscCode.UNKNOWN_READER:
                    raise NoSuchReader(self._name)
                check(code, "wait for a card")
                known = states[0][1] & ~_CHANGED
                if known & _GONE:
                    raise NoSuchReader(self._name)
                first = known if first is None else first
                if arrived(known, first):
                    return True
        return False


class PcscConnection:
    """A connection to the card in a reader (`readers.connection.CardConnection`).

    After `CardReset`, call `reset` to go on, then select again.
    """

    def __init__(self, reader: PcscReader, context: _Context, card: Any, protocol: int) -> None:
        """Use `open`."""
        self._reader = reader
        self._context = context
        self._card = card
        self._protocol = protocol
        self._atr = b""
        self._closed = False

    @classmethod
    def open(cls, reader: PcscReader) -> Self:
        """Connect. Raises what `PcscReader.connect` says."""
        with contextlib.ExitStack() as undo:
            context = undo.enter_context(_Context())
            card, protocol = _connect(context, reader.name)
            connection = cls(reader, context, card, protocol)
            undo.callback(connection.close)
            code, _, _, _, atr = _pcsc().SCardStatus(card)
            check(code, "read the answer to reset")
            connection._atr = bytes(atr)
            undo.pop_all()
        return connection

    @property
    def atr(self) -> bytes:
        """As of the moment of connecting."""
        return self._atr

    @property
    def contactless(self) -> bool:
        """As the reader is."""
        return self._reader.contactless

    def transmit(self, command: bytes) -> bytes:
        """Send a command. Raises CardRemoved, CardReset, CardMute, PcscUnavailable, ReaderFailed."""
        pcsc = _pcsc()
        if self._protocol == pcsc.SCARD_PROTOCOL_T0:
            pci, command = pcsc.SCARD_PCI_T0, to_tpdu(command)
        else:
            pci = pcsc.SCARD_PCI_T1
        code, answer = pcsc.SCardTransmit(self._card, pci, list(command))
        if normalise(code) in _LOST or (normalise(code) == PcscCode.SUCCESS and not answer):
            raise self._lost()
        check(code, "send a command")
        return bytes(answer)

    def control(self, code: int, request: bytes) -> bytes:
        """Have the reader itself do something (SCardControl). Raises what `transmit` raises."""
        status, answer = _pcsc().SCardControl(self._card, code, list(request))
        if normalise(status) in _LOST:
            raise self._lost()
        check(status, "ask the reader")
        return bytes(answer)

    def reset(self) -> None:
        """Reset the card. Raises CardRemoved and others."""
        pcsc = _pcsc()
        protocols = pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
        code, protocol = pcsc.SCardReconnect(self._card, pcsc.SCARD_SHARE_SHARED, protocols, pcsc.SCARD_RESET_CARD)
        if normalise(code) in _LOST:
            raise self._lost()
        check(code, "reset the card")
        self._protocol = protocol

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep others away; waits until they are done. Raises CardReset when another process reset the card."""
        check(_pcsc().SCardBeginTransaction(self._card), "begin a transaction")
        try:
            yield
        finally:
            # An error here can only mean that the card is gone or was reset, which the next command says as well.
            _pcsc().SCardEndTransaction(self._card, _pcsc().SCARD_LEAVE_CARD)

    def close(self) -> None:
        """Reset the card and let go of it. Never raises: the card may be gone."""
        if not self._closed:
            self._closed = True
            _pcsc().SCardDisconnect(self._card, _pcsc().SCARD_RESET_CARD)
            self._context.release()

    def _lost(self) -> ReaderError:
        if self._reader.wait_for_removal(timeout=_REMOVAL_NOTICED):
            return CardRemoved("the card was removed")
        return CardMute("the card does not answer")


@dataclass(frozen=True, slots=True)
class SlotState:
    """What PC/SC says about one reader."""

    present: bool
    mute: bool
    """A card is there and gave no answer to reset."""
    events: int
    """pcsc-lite's count of insertions and removals."""
    atr: bytes


class StateWatch:
    """Blocks until something changes at any reader. Use it in a ``with`` block; it is worth nothing after an error."""

    def __init__(self) -> None:
        """Raises PcscUnavailable."""
        self._context = _Context()
        self._waits = _Waits()
        self._over = False
        self._known: dict[str, int] = {}
        self._states: dict[str, SlotState] = {}
        self._plugged = _UNAWARE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._context.release()

    def next(self, seconds: float | None = None) -> Mapping[str, SlotState]:
        """All readers and their states, at once the first time, later when anything changed or ``seconds`` passed.

        Raises PcscUnavailable and ReaderFailed when pcscd is no more.
        """
        names = self._list()
        is_new = names != list(self._known)
        self._known = {name: self._known.get(name, _UNAWARE) for name in names}
        with self._waits.of(self._context) as wait:
            if not (self._over or wait.cancelled):
                self._wait(0 if is_new else _left(None if seconds is None else time.monotonic() + seconds))
        return {name: self._states[name] for name in self._known if name in self._states}

    def cancel(self) -> None:
        """Wake up whoever waits, from another thread; nobody waits any more after that."""
        self._over = True
        self._waits.cancel()

    def _list(self) -> list[str]:
        code, names = _pcsc().SCardListReaders(self._context.handle, [])
        if normalise(code) == PcscCode.NO_READERS_AVAILABLE:
            return []
        check(code, "list readers")
        return list(names)

    def _wait(self, milliseconds: int) -> None:
        asked = [*self._known.items(), (_PLUG_AND_PLAY, self._plugged)]
        code, answers = _pcsc().SCardGetStatusChange(self._context.handle, milliseconds, asked)
        if normalise(code) in (PcscCode.TIMEOUT, PcscCode.CANCELLED, PcscCode.UNKNOWN_READER):
            return  # unknown: unplugged a moment ago, the next list is without it
        check(code, "watch the readers")
        for name, answer, atr in answers:
            state = answer & ~_CHANGED
            if name == _PLUG_AND_PLAY:
                self._plugged = state
                continue
            self._known[name] = state
            self._states.pop(name, None)
            if not state & _GONE:
                self._states[name] = SlotState(bool(state & _PRESENT), bool(state & _MUTE), _events(state), bytes(atr))


class _Context:
    """A PC/SC context, released at the end of the ``with`` block."""

    def __init__(self) -> None:
        code, self.handle = _pcsc().SCardEstablishContext(_pcsc().SCARD_SCOPE_USER)
        check(code, "reach pcscd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Let go of it. Never raises."""
        _pcsc().SCardReleaseContext(self.handle)

    def cancel(self) -> None:
        """End a blocking wait in it, from another thread."""
        _pcsc().SCardCancel(self.handle)


class _Wait:
    """Somebody who waits in a context of their own."""

    def __init__(self, context: _Context) -> None:
        self._context = context
        self._over = threading.Event()
        self.cancelled = False

    def finish(self) -> None:
        self._over.set()

    def cancel(self) -> None:
        self.cancelled = True
        # A wait that has not quite begun misses SCardCancel: say it until it is heard.
        while not self._over.is_set():
            self._context.cancel()
            self._over.wait(_CANCEL_AGAIN)


class _Waits:
    """Who waits at one reader now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: set[_Wait] = set()

    @contextlib.contextmanager
    def of(self, context: _Context) -> Iterator[_Wait]:
        wait = _Wait(context)
        with self._lock:
            self._waits.add(wait)
        try:
            yield wait
        finally:
            with self._lock:
                self._waits.discard(wait)
            wait.finish()

    def cancel(self) -> None:
        with self._lock:
            waits = list(self._waits)
        for wait in waits:
            wait.cancel()


def _pcsc() -> Any:
    if scard is None:
        raise PcscUnavailable(_INSTALL)
    return scard


def _connect(context: _Context, name: str) -> tuple[Any, int]:
    """Handle and protocol. Tries again, for a moment, while another process holds the card."""
    pcsc = _pcsc()
    for pause in (*_BACK_OFF, None):
        code, card, protocol = pcsc.SCardConnect(
            context.handle, name, pcsc.SCARD_SHARE_SHARED, pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
        )
        if normalise(code) != PcscCode.SHARING_VIOLATION or pause is None:
            break
        time.sleep(pause)
    if normalise(code) in (PcscCode.UNKNOWN_READER, PcscCode.READER_UNAVAILABLE):
        raise NoSuchReader(name)
    if normalise(code) == PcscCode.REMOVED_CARD:
        raise NoCard("there is no card in the reader")
    check(code, "connect to the card")
    return card, protocol


def _left(deadline: float | None) -> int:
    """Milliseconds until then."""
    return _INFINITE if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))


def _events(state: int) -> int:
    return state >> _EVENT_COUNT_SHIFT
