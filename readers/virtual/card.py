"""The software card: APDUs in, APDUs out, answering as SP 800-73-5 part 2 says.

Here is what is common to all commands: decoding, command chaining, GET RESPONSE, SELECT, and the table of commands.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.errors import ProtocolError
from readers.piv.identifiers import PIV_AID, Instruction, VendorInstruction
from readers.status import KnownStatus
from readers.virtual import authenticate, keys, objects, pins, vendor
from readers.virtual.applet import Applet, Handler, RandomBytes, Refused, Session, require
from readers.virtual.journal import Exchange, Journal
from readers.virtual.profiles import CONTACT_ATR, CONTACTLESS_ATR, YUBICO_LIKE, CardProfile
from readers.virtual.store import StateStore

_STANDARD: Final[dict[int, Handler]] = {
    Instruction.VERIFY: pins.verify,
    Instruction.CHANGE_REFERENCE_DATA: pins.change_reference_data,
    Instruction.RESET_RETRY_COUNTER: pins.reset_retry_counter,
    Instruction.GENERATE_ASYMMETRIC_KEY_PAIR: keys.generate_asymmetric_key_pair,
    Instruction.GENERAL_AUTHENTICATE: authenticate.general_authenticate,
    Instruction.GET_DATA: objects.get_data,
    Instruction.PUT_DATA: objects.put_data,
}
_EXTENDED: Final[dict[int, Handler]] = {
    **_STANDARD,
    VendorInstruction.SET_MANAGEMENT_KEY: vendor.set_management_key,
    VendorInstruction.IMPORT_ASYMMETRIC_KEY: vendor.import_asymmetric_key,
    VendorInstruction.GET_VERSION: vendor.get_version,
    VendorInstruction.RESET: vendor.reset,
    VendorInstruction.SET_PIN_RETRIES: vendor.set_pin_retries,
    VendorInstruction.GET_SERIAL: vendor.get_serial,
    VendorInstruction.GET_METADATA: vendor.get_metadata,
}

_CHAINED: Final = 0x10
_CLASSES: Final = (0x00, _CHAINED)
_BY_NAME: Final = 0x04
_RID_LENGTH: Final = 5
_PROPERTY_TEMPLATE: Final = tlv.encode(
    0x61,
    tlv.encode(0x4F, PIV_AID[_RID_LENGTH:]) + tlv.encode(0x79, tlv.encode(0x4F, PIV_AID[:_RID_LENGTH])),
)
"""The mandatory part of part 2 table 3: every byte more is paid for at every tap."""


class VirtualCard:
    """One card. It belongs to one reader at a time; only one thread may use it."""

    def __init__(
        self,
        state_file: Path,
        *,
        contactless: bool = False,
        profile: CardProfile = YUBICO_LIKE,
        journal: Journal | None = None,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Take the card whose state is in ``state_file``, or a blank one of product ``profile`` if there is none.

        Raises CardBusy when it is in another reader, CardMute when the file is no card's state.
        """
        self._applet = Applet(StateStore.open(state_file, new=profile), contactless, random)
        self._journal = journal
        self._chain: CommandApdu | None = None
        self._response = b""

    @property
    def atr(self) -> bytes:
        """Answer to reset on the interface the card is on."""
        return CONTACTLESS_ATR if self.contactless else CONTACT_ATR

    @property
    def contactless(self) -> bool:
        """Whether the card is held to a contactless reader."""
        return self._applet.contactless

    def transmit(self, command: bytes) -> bytes:
        """Carry out one command APDU, short or extended. Never raises: what is wrong is in the status word."""
        begun = time.perf_counter_ns()
        answer = self._answer(command)
        if self._journal is not None:
            self._journal.record(Exchange.of(command, answer, micros=(time.perf_counter_ns() - begun) // 1000))
        return answer

    def reset(self) -> None:
        """Power off and on: nothing selected, nothing verified."""
        self._applet.session = Session()
        self._drop_pending()

    def close(self) -> None:
        """Take the card out of the reader: another one may have it."""
        self.reset()
        self._applet.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _answer(self, raw: bytes) -> bytes:
        try:
            command = CommandApdu.from_bytes(raw)
        except ProtocolError:
            self._drop_pending()
            return _status(KnownStatus.WRONG_LENGTH)
        try:
            return self._process(command)
        except Refused as refusal:
            self._drop_pending()
            return _status(refusal.status)
        except OSError:  # the state cannot be written: a card whose memory fails says so
            self._drop_pending()
            return _status(KnownStatus.MEMORY_FAILURE)

    def _process(self, part: CommandApdu) -> bytes:
        require(part.cla in _CLASSES, KnownStatus.CLASS_NOT_SUPPORTED)
        if part.ins == Instruction.GET_RESPONSE:
            require(self._response, KnownStatus.CONDITIONS_OF_USE_NOT_SATISFIED)
            return self._next_part(part.le)
        self._response = b""
        command = self._complete(part)
        if command is None:
            return _status(KnownStatus.SUCCESS)
        self._response = self._carry_out(command)
        return self._next_part(command.le)

    def _complete(self, part: CommandApdu) -> CommandApdu | None:
        """Join a chained command (ISO/IEC 7816-4 §5.3.3); None while parts are missing."""
        begun, self._chain = self._chain, None
        data = part.data
        if begun is not None:
            same = (begun.ins, begun.p1, begun.p2) == (part.ins, part.p1, part.p2)
            require(same, KnownStatus.LAST_COMMAND_OF_CHAIN_EXPECTED)
            data = begun.data + part.data
        require(len(data) <= self._applet.profile.max_command, KnownStatus.NOT_ENOUGH_MEMORY)
        joined = CommandApdu(0, part.ins, part.p1, part.p2, data, part.le)
        if part.cla == _CHAINED:
            self._chain = joined
            return None
        return joined

    def _carry_out(self, command: CommandApdu) -> bytes:
        session = self._applet.session
        just_verified, session.pin_just_verified = session.pin_just_verified, False
        if command.ins == Instruction.SELECT:
            return self._select(command)
        handlers = _EXTENDED if self._applet.profile.extended else _STANDARD
        handler = handlers.get(command.ins) if session.selected else None
        if handler is None:
            raise Refused(KnownStatus.INSTRUCTION_NOT_SUPPORTED)
        if command.ins == Instruction.GENERAL_AUTHENTICATE:
            session.pin_just_verified = just_verified
            try:
                return handler(self._applet, command)
            finally:
                session.pin_just_verified = False
        session.challenge = None
        return handler(self._applet, command)

    def _select(self, command: CommandApdu) -> bytes:
        require((command.p1, command.p2) == (_BY_NAME, 0), KnownStatus.INCORRECT_P1_P2)
        ours = len(command.data) >= _RID_LENGTH and PIV_AID.startswith(command.data)
        require(ours, KnownStatus.NOT_FOUND)  # and whatever was selected stays so (part 2 §3.1.1)
        if not (self._applet.session.selected and self._applet.profile.reselect_keeps_status):
            self._applet.session = Session(selected=True)
        return _PROPERTY_TEMPLATE

    def _next_part(self, le: int | None) -> bytes:
        """As much of the answer as was asked for, and 61xx when more is waiting (ISO/IEC 7816-4 §5.3.4).

        No Le is taken as 256: on T=0 the two cannot be told apart, and hosts rely on it.
        """
        limit = le or SHORT_LE
        part, self._response = self._response[:limit], self._response[limit:]
        if not self._response:
            return part + _status(KnownStatus.SUCCESS)
        waiting = len(self._response)
        return part + bytes((0x61, waiting if waiting < SHORT_LE else 0))

    def _drop_pending(self) -> None:
        self._chain = None
        self._response = b""


def _status(status: int) -> bytes:
    return status.to_bytes(2, "big")
