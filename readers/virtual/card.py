"""The software card: APDUs in, APDUs out, answering as SP 800-73-5 part 2 says.

Here is what is common to all commands: decoding, command chaining, GET RESPONSE, SELECT, and the table of commands.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from readers.apdu import EXTENDED_LE, SHORT_LE, CommandApdu
from readers.errors import ProtocolError
from readers.piv.identifiers import PIV_AID, Instruction, VendorInstruction
from readers.status import KnownStatus
from readers.virtual import attesting, authenticate, keys, manager, objects, pins, vendor
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
_EXTENSIONS: Final[dict[VendorInstruction, Handler]] = {
    VendorInstruction.ATTEST: attesting.attest,
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
        self._links = 0
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
        if not self._applet.profile.takes_extended and _is_extended(raw):
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
        session = self._applet.session
        classes = manager.CLASSES if session.manager_selected else _CLASSES
        require(part.cla in classes, KnownStatus.CLASS_NOT_SUPPORTED)
        if session.confused and part.ins != Instruction.SELECT:
            session.confused = False
            raise Refused(KnownStatus.NO_PRECISE_DIAGNOSIS)
        if part.ins == Instruction.GET_RESPONSE:
            require(self._response, KnownStatus.CONDITIONS_OF_USE_NOT_SATISFIED)
            return self._next_part(part.le)
        self._response = b""
        command = self._complete(part)
        if command is None:
            return _status(KnownStatus.SUCCESS)
        answer = self._carry_out(command)
        exact = self._applet.profile.exact_le and command.ins == Instruction.GET_DATA and 0 < len(answer) < SHORT_LE
        if exact and command.le != len(answer):
            return bytes((0x6C, len(answer)))
        self._response = answer
        return self._next_part(command.le)

    def _complete(self, part: CommandApdu) -> CommandApdu | None:
        """Join a chained command (ISO/IEC 7816-4 §5.3.3); None while parts are missing."""
        begun, self._chain = self._chain, None
        data = part.data
        self._links = self._links + 1 if begun is not None else 1
        if begun is not None:
            same = (begun.ins, begun.p1, begun.p2) == (part.ins, part.p1, part.p2)
            require(same, KnownStatus.LAST_COMMAND_OF_CHAIN_EXPECTED)
            data = begun.data + part.data
        profile = self._applet.profile
        if profile.max_links is not None and self._links > profile.max_links:
            self._applet.session.confused = True
            raise Refused(KnownStatus.NO_PRECISE_DIAGNOSIS)
        require(len(data) <= profile.max_command, KnownStatus.NOT_ENOUGH_MEMORY)
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
        if session.manager_selected:
            return manager.answer(self._applet, command)
        handler = self._handler(command.ins) if session.selected else None
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

    def _handler(self, instruction: int) -> Handler | None:
        if instruction in self._applet.profile.extensions:
            return _EXTENSIONS[VendorInstruction(instruction)]
        return _STANDARD.get(instruction)

    def _select(self, command: CommandApdu) -> bytes:
        require((command.p1, command.p2) == (_BY_NAME, 0), KnownStatus.INCORRECT_P1_P2)
        profile = self._applet.profile
        if profile.has_cplc and manager.is_named(command.data):
            self._applet.session = Session(manager_selected=True)
            return manager.PROPERTIES
        shortest = _RID_LENGTH if profile.takes_partial_aid else len(PIV_AID)
        ours = len(command.data) >= shortest and PIV_AID.startswith(command.data)
        require(ours, KnownStatus.NOT_FOUND)  # and whatever was selected stays so (part 2 §3.1.1)
        if not (self._applet.session.selected and profile.reselect_keeps_status):
            self._applet.session = Session(selected=True)
        self._applet.session.confused = False
        return profile.properties

    def _next_part(self, le: int | None) -> bytes:
        """As much of the answer as was asked for, and 61xx when more is waiting (ISO/IEC 7816-4 §5.3.4).

        No Le is taken as 256: on T=0 the two cannot be told apart, and hosts rely on it.
        """
        limit = min(le or SHORT_LE, self._applet.profile.max_part or EXTENDED_LE)
        part, self._response = self._response[:limit], self._response[limit:]
        if not self._response:
            return part + _status(KnownStatus.SUCCESS)
        waiting = len(self._response)
        return part + bytes((0x61, waiting if waiting < SHORT_LE else 0))

    def _drop_pending(self) -> None:
        self._chain = None
        self._response = b""


def _is_extended(raw: bytes) -> bool:
    """A zero where Lc would be, and more after it (ISO/IEC 7816-4 §5.1)."""
    return len(raw) >= 7 and not raw[4]


def _status(status: int) -> bytes:
    return status.to_bytes(2, "big")
