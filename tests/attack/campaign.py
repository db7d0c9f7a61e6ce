"""Runs attacks against their targets and counts what is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Final

import httpx

from tests.attack.on_claims import Unfit
from tests.attack.strikes import Attack, Strike, Target

BATCH: Final = 64
CONTROLS: Final = 3
"""Blank strikes before an attack. Each must be accepted."""


@dataclass
class Result:
    """What came of one attack on one target."""

    target: str
    family: str
    attack: str
    controls: int = 0
    controls_accepted: int = 0
    strikes: int = 0
    accepted: int = 0
    over_http: int = 0
    accepted_over_http: int = 0
    examples: list[str] = field(default_factory=list)
    """Where to look: the seeds of what was accepted."""

    @property
    def holds(self) -> bool:
        """Nothing was accepted, and what differs in nothing but the sting was."""
        return self.controls_accepted == self.controls > 0 and not self.accepted + self.accepted_over_http

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


@dataclass(frozen=True)
class Campaign:
    """How much of it."""

    seed: int
    count: int
    """Strikes of each attack on each target."""
    client: httpx.Client | None = None
    """Where the service is reached over HTTP, for a share of them."""
    share: int = 1
    """So many of each attack."""

    def run(self, targets: Sequence[Target[Any]], told: Callable[[Result], object] = lambda _: None) -> list[Result]:
        """Every attack on every target; ``told`` hears of each when it is over."""
        results = []
        for target in targets:
            for attack in target.attacks:
                result = Result(target.name, attack.family, attack.name)
                try:
                    self._control(target, attack, result)
                except Unfit:
                    continue
                self._strike(target, attack, result)
                self._strike_over_http(target, attack, result)
                told(result)
                results.append(result)
        return results

    def _control(self, target: Target[Any], attack: Attack[Any], result: Result) -> None:
        drafts = list(self._drafts(target, attack, CONTROLS, blank=True))
        result.controls, result.controls_accepted = CONTROLS, sum(target.show([draft for _, draft in drafts]))
        if self.client is not None:
            ((_, draft),) = self._drafts(target, attack, 1, blank=True, begin=CONTROLS)
            sent = target.send(self.client, draft)
            result.controls += sent is not None
            result.controls_accepted += sent is True

    def _strike(self, target: Target[Any], attack: Attack[Any], result: Result) -> None:
        for begin in range(0, self.count, BATCH):
            drafts = list(self._drafts(target, attack, min(BATCH, self.count - begin), begin=begin))
            self._rehearse(target, result, [draft for _, draft in drafts])
            verdicts = target.show([draft for _, draft in drafts])
            result.strikes += len(drafts)
            result.accepted += sum(verdicts)
            result.examples += [name for (name, _), taken in zip(drafts, verdicts, strict=True) if taken][:3]

    def _strike_over_http(self, target: Target[Any], attack: Attack[Any], result: Result) -> None:
        if self.client is None:
            return
        for name, draft in self._drafts(target, attack, self.share, begin=self.count):
            self._rehearse(target, result, [draft])
            sent = target.send(self.client, draft)
            result.over_http += sent is not None
            result.accepted_over_http += sent is True
            result.examples += [name] if sent else []

    @staticmethod
    def _rehearse(target: Target[Any], result: Result, drafts: Sequence[Any]) -> None:
        """What is to be replayed is accepted first: once more a control."""
        genuine = [used for used in map(target.used, drafts) if used is not None]
        result.controls += len(genuine)
        result.controls_accepted += sum(target.show(genuine))

    def _drafts(
        self, target: Target[Any], attack: Attack[Any], count: int, *, blank: bool = False, begin: int = 0
    ) -> Iterator[tuple[str, Any]]:
        for number in range(begin, begin + count):
            name = f"{self.seed}:{target.name}:{attack.name}:{'blank' if blank else number}:{number}"
            random = Random(name)  # noqa: S311 (it must be the same again)
            draft = target.fresh(random)
            attack.forge(draft, Strike(random, blank))
            yield name, draft
