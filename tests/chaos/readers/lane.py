"""One private pcscd and the faults that happen on it, one after another."""

from __future__ import annotations

import dataclasses
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from readers.errors import CardReset, ReaderError, WorkerEnded
from readers.limits import Limits
from readers.monitor import Happening, Monitor, ReaderEvent
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import KeyReference, ObjectId
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.virtual.fault_line import FaultControl
from readers.virtual.faults import Fault
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd
from readers.worker import SupervisedReader
from tests.chaos.readers import rival, vitals
from tests.chaos.readers.plan import Operation, Step, Weather, step
from tests.fixtures.cards import NEW_KEY, personalise

LIMITS: Final = Limits(otherwise=1.0, by_instruction={})
"""So that ten thousand faults do not take a day; nothing the software card does takes a tenth of it."""
HANG_SECONDS: Final = 5.0
_RECOVERY_SECONDS: Final = 20.0
_AWAY_SECONDS: Final = 0.6
_DIGEST: Final = bytes(32)
_OBJECT: Final = bytes(range(256)) * 3
_LEAVING: Final = frozenset({Fault.GONE_BEFORE, Fault.GONE_AFTER, Fault.TORN})
_HOLDING: Final = frozenset({Fault.MUTE, Fault.EMPTY, Fault.OVERLONG})


@dataclasses.dataclass(slots=True)
class Result:
    """What a lane saw."""

    faults: int = 0
    happened: int = 0
    by_trouble: Counter[str] = dataclasses.field(default_factory=Counter)
    outcomes: Counter[str] = dataclasses.field(default_factory=Counter)
    hangs: list[str] = dataclasses.field(default_factory=list)
    """Calls that took more than HANG_SECONDS."""
    escapes: list[str] = dataclasses.field(default_factory=list)
    """Errors that are no ReaderError."""
    deaths: list[str] = dataclasses.field(default_factory=list)
    """Of workers and of pcscd, other than those that the watchdog or the plan killed."""
    neighbour_failures: list[str] = dataclasses.field(default_factory=list)
    not_recovered: list[str] = dataclasses.field(default_factory=list)
    slowest_recovery: float = 0.0
    slowest_recovery_after: str = ""
    leaked_handles: int = 0
    memory_growth_kb: int = 0
    daemon_growth_kb: int = 0
    """Of pcscd, since it was started last: it is not ours to mend."""
    monitor_right: bool = True
    seconds: float = 0.0


class Lane:
    """Use it in a ``with`` block."""

    def __init__(self, seed: int, report: Callable[[int], object] = lambda _: None) -> None:
        self.seed = seed
        self._report = report
        self._stack = ExitStack()
        self.result = Result()
        self._present: set[str] = set()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
            self._pcscd = stack.enter_context(PrivatePcscd())
            os.environ.update(self._pcscd.environment)
            self._cards = [personalise(folder / name) for name in ("a.json", "b.json", "c.json")]
            card, spare, neighbour = self._cards
            stack.enter_context(self._pcscd.put_on(card.state_file, faults=folder / "control", spare=spare.state_file))
            stack.enter_context(self._pcscd.put_on(neighbour.state_file, contactless=True))
            self._control = stack.enter_context(FaultControl(folder / "control"))
            self._reader = stack.enter_context(SupervisedReader(CONTACT_READER, limits=LIMITS))
            self._neighbour = stack.enter_context(SupervisedReader(CONTACTLESS_READER, limits=LIMITS))
            self._rival = stack.enter_context(_rival())
            stack.enter_context(Monitor(self._heard))
            self._daemon = self._find_daemon()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, numbers: range) -> Result:
        """Let the steps of these numbers happen."""
        began = time.monotonic()
        self._use(Operation.TAP)
        self._tap_neighbour("warming up")
        warm = numbers[: max(1, len(numbers) // 5)]
        for number in warm:
            self._step(step(self.seed, number))
        before, daemon_before = self._look()
        for number in numbers[len(warm) :]:
            self._step(step(self.seed, number))
        after, daemon_after = self._look()
        self.result.leaked_handles = max(0, after.handles - before.handles)
        self.result.memory_growth_kb = after.resident_kb - before.resident_kb
        self.result.daemon_growth_kb = daemon_after.resident_kb - daemon_before.resident_kb
        self.result.happened = self._control.happened
        self._check_monitor()
        self.result.seconds = time.monotonic() - began
        return self.result

    def _step(self, one: Step) -> None:
        self.result.faults += 1
        self.result.by_trouble[one.trouble] += 1
        with self._timed(f"{one.number} {one.trouble} while {one.operation}"):
            over = self._weather(one) if isinstance(one.trouble, Weather) else self._fault(one, one.trouble)
        self._recover(one, over)
        self._check_daemon(one)
        self._report(one.number)

    def _fault(self, one: Step, fault: Fault) -> float:
        """Gives the time at which what went wrong was over."""
        self._control.arm(fault, at=one.at, seconds=one.seconds, seed=one.seed)
        self._attempt(one)
        self._control.clear()
        if fault in _HOLDING:
            self._tap_neighbour(str(one.number))
        if fault in _HOLDING or (fault in _LEAVING and not self._control.on):
            self._control.take_off()
            time.sleep(_AWAY_SECONDS)
            self._control.put_on()
        return time.monotonic()

    def _weather(self, one: Step) -> float:
        match one.trouble:
            case Weather.EXCLUSIVE:
                self._ask_rival("hold")
                self._attempt(one)
                self._ask_rival("release")
            case Weather.RIVAL_RESET:
                self._be_reset()
            case _:
                self._pcscd.stop(kill=one.trouble is Weather.KILL)
                self._attempt(one)
                self._pcscd.restart()
                self._daemon = self._find_daemon()
        return time.monotonic()

    def _attempt(self, one: Step) -> None:
        try:
            self._use(one.operation)
        except WorkerEnded as error:
            self.result.deaths.append(f"{one.number}: {error}")
        except ReaderError as error:
            self.result.outcomes[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001 - finding these is what it is for
            self.result.escapes.append(f"{one.number}: {type(error).__name__}: {error}")
        else:
            self.result.outcomes["no error"] += 1

    def _use(self, operation: Operation) -> None:
        with self._reader.connect() as connection:
            if operation is Operation.TAP:
                tap(connection, lambda _: _DIGEST)
                return
            session = PivSession.open(connection)
            match operation:
                case Operation.READ:
                    session.read_chuid()
                    session.read_certificate(KeyReference.CARD_AUTHENTICATION)
                    session.pin_tries_left()
                case Operation.PIN:
                    session.verify_pin(Pin(self._cards[0].pin))
                    session.sign_digest(KeyReference.PIV_AUTHENTICATION, _DIGEST)
                case Operation.WRITE:
                    admin = PivAdmin(session)
                    admin.authenticate(NEW_KEY)
                    admin.put_object(ObjectId.PRINTED_INFORMATION, _OBJECT)

    def _be_reset(self) -> None:
        try:
            with self._reader.connect() as connection:
                session = PivSession.open(connection)
                self._ask_rival("reset")
                try:
                    session.read_chuid()
                except CardReset:
                    self.result.outcomes["CardReset"] += 1
                connection.reset()
                PivSession.open(connection).read_chuid()
        except ReaderError as error:
            self.result.outcomes[type(error).__name__] += 1

    def _recover(self, one: Step, over: float) -> None:
        """Use the card until it works again."""
        while True:
            try:
                with self._timed(f"{one.number} recovering from {one.trouble}"), self._reader.connect() as connection:
                    tap(connection, lambda _: _DIGEST)
            except ReaderError as error:
                if time.monotonic() - over > _RECOVERY_SECONDS:
                    self.result.not_recovered.append(f"{one.number} {one.trouble}: {error}")
                    self._start_afresh()
                    return
                self._reader_wait()
                continue
            break
        took = time.monotonic() - over
        if took > self.result.slowest_recovery:
            self.result.slowest_recovery = took
            self.result.slowest_recovery_after = f"{one.number} {one.trouble}"

    def _reader_wait(self) -> None:
        try:
            self._reader.wait_for_card(0.1)
        except ReaderError:
            time.sleep(0.05)

    def _start_afresh(self) -> None:
        self._control.take_off()
        time.sleep(_AWAY_SECONDS)
        self._control.put_on()
        self._pcscd.start()
        self._daemon = self._find_daemon()

    def _tap_neighbour(self, when: str) -> None:
        try:
            with self._timed(f"{when} the other reader"), self._neighbour.connect() as connection:
                tap(connection, lambda _: _DIGEST)
        except ReaderError as error:
            self.result.neighbour_failures.append(f"{when}: {error}")

    def _ask_rival(self, order: str) -> None:
        assert self._rival.stdin is not None
        assert self._rival.stdout is not None
        self._rival.stdin.write(order + "\n")
        self._rival.stdin.flush()
        self._rival.stdout.readline()

    def _heard(self, event: ReaderEvent) -> None:
        if event.happening is Happening.CARD_PRESENT:
            self._present.add(event.reader)
        elif event.happening is Happening.CARD_REMOVED:
            self._present.discard(event.reader)

    def _check_monitor(self) -> None:
        until = time.monotonic() + _RECOVERY_SECONDS
        there = {CONTACT_READER, CONTACTLESS_READER}
        while self._present != there and time.monotonic() < until:
            time.sleep(0.05)
        self.result.monitor_right = self._present == there

    def _check_daemon(self, one: Step) -> None:
        if not Path(f"/proc/{self._daemon}").exists():
            self.result.deaths.append(f"{one.number}: pcscd after {one.trouble}")
            self._start_afresh()

    def _find_daemon(self) -> int:
        return vitals.find_daemon(self._pcscd.environment["PCSCLITE_CSOCK_NAME"]) or 0

    def _look(self) -> tuple[vitals.Vitals, vitals.Vitals]:
        gc.collect()
        return vitals.look(os.getpid()), vitals.look(self._daemon)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            if took > HANG_SECONDS:
                self.result.hangs.append(f"{what}: {took:.1f} s")


@contextmanager
def _rival() -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(
        (sys.executable, "-m", rival.__name__, CONTACT_READER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with program:
        try:
            yield program
        finally:
            program.kill()


def as_json(result: Result) -> dict[str, Any]:
    """For the report."""
    return {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
