"""One round after the other: load, death, another life, judgement."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from cardsvc.callers.models import CallerKind
from tests.chaos.service.judging import Findings, judge
from tests.chaos.service.load import Answer, Load, prepare
from tests.fixtures.issuance import whoever_gets
from tests.fixtures.mortal import SERVE, MortalService, founded
from tests.fixtures.proofs import IssuedCard, issue_card

KIOSK: Final = "kiosk-1"
CARDS: Final = 12
PROOFS: Final = 600
"""For each round; death comes before they are used up."""
RESENT: Final = 12
"""So many acknowledged ones are sent again after each death."""
HASTY: Final = ("tests.chaos.service.hasty",)


@dataclass
class Tally:
    """What happened on one database."""

    database: str
    program: str
    rounds: int = 0
    workers_killed: int = 0
    """Rounds in which one of several processes died, and the others went on."""
    sent: int = 0
    acknowledged: int = 0
    in_doubt: int = 0
    """Sent, and not answered before the death."""
    in_doubt_written: int = 0
    """Of those, the ones that had been written down all the same."""
    resent: int = 0
    """After the death: each of these was refused as answered before, or accepted for the first time."""
    seconds: float = 0
    findings: Findings = field(default_factory=Findings)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Town:
    """A service on one database, and everybody who ever asked it."""

    service: MortalService
    cards: list[IssuedCard]
    tally: Tally
    proofs: int = PROOFS
    load: Load = field(init=False)

    def __post_init__(self) -> None:
        self.load = Load(self.service.port, "")

    def round(self, random: Random) -> None:
        """Load, and death when a random number of cards more has been let in."""
        began = time.monotonic()
        answers = self._begin()
        one_of_several = self._may_lose_one and random.random() < 0.5
        known, threshold = len(self.load.said), random.randrange(20, self.proofs // 2)
        threads = self.load.run(answers, stubborn=one_of_several)
        self.load.wait_for(known + threshold, threads)
        if one_of_several:
            self.service.kill_worker(random.randrange(2**16))
        else:
            self.service.kill()
        for thread in threads:
            thread.join()
        if not one_of_several:
            self.service.start()
        self._settle(answers, random)
        self.tally.rounds += 1
        self.tally.workers_killed += one_of_several
        self.tally.seconds = round(self.tally.seconds + time.monotonic() - began, 1)

    @property
    def _may_lose_one(self) -> bool:
        """The control dies altogether: a worker that nobody is connected to would take nothing with it."""
        return self.service.workers > 1 and self.tally.program == "service"

    def _begin(self) -> list[Answer]:
        kiosk = self.service.client(KIOSK)
        answers = prepare(kiosk, self.cards, self.proofs)
        self.load.token = kiosk.access_token()
        return answers

    def _settle(self, answers: list[Answer], random: Random) -> None:
        """Judge; then ask again about what nobody knows, and about some of what is known."""
        sent = [answer for answer in answers if answer.challenge_id in self.load.sent]
        doubtful = [answer for answer in sent if answer.challenge_id not in self.load.said]
        known = [answer for answer in sent if answer.challenge_id in self.load.said]
        self.tally.sent += len(sent)
        self.tally.acknowledged += len(known)
        found, accepted = judge(self.service, self.load.sent, self.load.said)
        written = {answer.challenge_id for answer in doubtful} & accepted
        self.tally.in_doubt += len(doubtful)
        self.tally.in_doubt_written += len(written)
        self._add(found)
        again = doubtful + random.sample(known, min(RESENT, len(known)))
        self._resend(again, accepted)

    def _resend(self, again: list[Answer], accepted: set[Any]) -> None:
        resent = Load(self.service.port, self.service.client(KIOSK).access_token())
        for thread in resent.run(again, stubborn=True):
            thread.join()
        for answer in again:
            code = resent.refused.get(answer.challenge_id)
            expected = "challenge-replayed" if answer.challenge_id in accepted else None
            if code != expected or (expected is None and answer.challenge_id not in resent.said):
                self.tally.findings.strange.append(f"sent again: {answer.challenge_id}: {code}, expected {expected}")
        self.load.said |= resent.said
        self.tally.resent += len(again)
        found, _ = judge(self.service, self.load.sent, self.load.said)
        self._add(found)

    def _add(self, found: Findings) -> None:
        mine = self.tally.findings
        for name, value in asdict(found).items():
            known: list[str] = getattr(mine, name)
            known += [one for one in value if one not in known]


@contextmanager
def opened(folder: Path, url: str, *, hasty: bool = False, proofs: int = PROOFS) -> Iterator[Town]:
    """A city on this database: one process on SQLite, two on PostgreSQL."""
    database = "sqlite" if url.startswith("sqlite") else "postgresql"
    service = founded(folder, url, {KIOSK: CallerKind.KIOSK}, rate_limits="none")
    service.program, service.workers = HASTY if hasty else SERVE, 1 if database == "sqlite" else 2
    cards = [issue_card(service.services, whoever_gets(f"CHAOS-{number:04}")) for number in range(CARDS)]
    with service:
        yield Town(service, cards, Tally(database, "control" if hasty else "service"), proofs)


def play(town: Town, seed: int, rounds: int, told: Callable[[], object] = lambda: None) -> Tally:
    """So many rounds; the same again for the same seed, as far as a death can be repeated."""
    for number in range(rounds):
        town.round(Random(f"{seed}:{town.tally.database}:{town.tally.program}:{number}"))  # noqa: S311 (as above)
        told()
    return town.tally
