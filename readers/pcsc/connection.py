"""A connection to a card in a real reader."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final, Self

from readers.errors import CardBusy, CardMute, CardRemoved, NoCard, NoSuchReader, ReaderError
from readers.machine import Machine
from readers.pcsc.codes import PcscCode, check, normalise
from readers.pcsc.context import Context, pyscard
from readers.pcsc.waiting import CardWaits
from readers.t0 import to_tpdu

_LOST: Final = frozenset({PcscCode.NOT_TRANSACTED, PcscCode.NO_SMARTCARD})
"""A command got no answer. Whether the card is gone or mute, pcscd notices a moment later only."""
_REMOVAL_NOTICED: Final = 1.0
"""Seconds in which pcscd notices that a card is gone: it looks every 400 ms at readers that cannot tell themselves."""

_BACK_OFF: Final = (0.05, 0.1, 0.2, 0.4)
"""Seconds between tries when another process holds the card: most hold it for one command."""


class PcscConnection:
    """A connection to the card in a reader (`readers.connection.CardConnection`).

    After `CardReset`, call `reset` to go on, then select again.
    """

    def __init__(self, context: Context, card: Any, protocol: int, waits: CardWaits, *, contactless: bool) -> None:
        """Use `open`."""
        self._context = context
        self._card = card
        self._protocol = protocol
        self._waits = waits
        self._contactless = contactless
        self._atr = b""
        self._closed = False

    @classmethod
    def open(cls, reader: str, waits: CardWaits, *, contactless: bool) -> Self:
        """Connect to the card in the reader of this full name. Raises what `PcscReader.connect` says."""
        with contextlib.ExitStack() as undo:
            context = undo.enter_context(Context())
            card, protocol = _connect(context, reader)
            connection = cls(context, card, protocol, waits, contactless=contactless)
            undo.callback(connection.close)
            code, _, _, _, atr = pyscard().SCardStatus(card)
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
        return self._contactless

    def transmit(self, command: bytes) -> bytes:
        """Send a command. Raises CardRemoved, CardReset, CardMute, PcscUnavailable, ReaderFailed."""
        pcsc = pyscard()
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
        status, answer = pyscard().SCardControl(self._card, code, list(request))
        if normalise(status) in _LOST:
            raise self._lost()
        check(status, "ask the reader")
        return bytes(answer)

    def reset(self) -> None:
        """Reset the card. Raises CardRemoved and others."""
        pcsc = pyscard()
        protocols = pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
        code, protocol = pcsc.SCardReconnect(self._card, pcsc.SCARD_SHARE_SHARED, protocols, pcsc.SCARD_RESET_CARD)
        if normalise(code) in _LOST:
            raise self._lost()
        check(code, "reset the card")
        self._protocol = protocol

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep others away; waits until they are done. Raises CardReset when another process reset the card."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def begin(self) -> None:
        """Begin a transaction, as `transaction` does."""
        check(pyscard().SCardBeginTransaction(self._card), "begin a transaction")

    def end(self) -> None:
        """End it. An error here can only mean that the card is gone or was reset, which the next command says too."""
        pyscard().SCardEndTransaction(self._card, pyscard().SCARD_LEAVE_CARD)

    def close(self) -> None:
        """Reset the card and let go of it. Never raises: the card may be gone."""
        if not self._closed:
            self._closed = True
            pyscard().SCardDisconnect(self._card, pyscard().SCARD_RESET_CARD)
            self._context.release()

    def _lost(self) -> ReaderError:
        if self._waits.for_removal(timeout=_REMOVAL_NOTICED):
            return CardRemoved("the card was removed")
        return CardMute("the card does not answer")


def _connect(context: Context, reader: str) -> tuple[Any, int]:
    """Handle and protocol. Tries again, for a moment, while another process holds the card."""
    pcsc = pyscard()
    for pause in (*_BACK_OFF, None):
        code, card, protocol = pcsc.SCardConnect(
            context.handle, reader, pcsc.SCARD_SHARE_SHARED, pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
        )
        if normalise(code) != PcscCode.SHARING_VIOLATION or pause is None:
            break
        time.sleep(pause)
    if normalise(code) == PcscCode.SHARING_VIOLATION:
        raise CardBusy("another process holds the card", Machine().pcsc_clients())
    if normalise(code) in (PcscCode.UNKNOWN_READER, PcscCode.READER_UNAVAILABLE):
        raise NoSuchReader(reader)
    if normalise(code) == PcscCode.REMOVED_CARD:
        raise NoCard("there is no card in the reader")
    check(code, "connect to the card")
    return card, protocol
