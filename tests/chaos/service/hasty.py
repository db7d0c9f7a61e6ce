"""The card service with one thing wrong: it answers authentications a moment before they are committed.

The control of the campaign: what does not find this out finds nothing. The same options as `cardsvc serve` has.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Final

import typer
from fastapi import FastAPI
from sqlalchemy.orm import Session

from cardsvc import logs
from cardsvc.app import create_app
from cardsvc.authentication.turnstile import Knock, Outcome, Turnstile
from cardsvc.db import transaction
from cardsvc.server import serve, serve_with_workers
from cardsvc.services import build_services
from cardsvc.settings import Settings

MOMENT: Final = 0.05
"""Seconds between the answer and the commit."""


@dataclass(frozen=True)
class HastyTurnstile(Turnstile):
    """Lets cards in before it has written that down."""

    _writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def admit(self, knocks: Sequence[Knock]) -> Sequence[Outcome]:
        answer: Future[Sequence[Outcome]] = Future()
        self._writer.submit(self._write, knocks, answer)
        return answer.result()

    def _write(self, knocks: Sequence[Knock], answer: Future[Sequence[Outcome]]) -> None:
        try:
            with transaction(self.sessions) as session:
                answer.set_result(self._outcomes(session, knocks))
                time.sleep(MOMENT)
        except Exception as error:  # noqa: BLE001 (whoever waits is to hear of it)
            if not answer.done():
                answer.set_exception(error)

    def _outcomes(self, session: Session, knocks: Sequence[Knock]) -> Sequence[Outcome]:
        return self._admit(session.connection(), knocks).outcomes()


def hasty_app() -> FastAPI:
    """The service's application with that turnstile."""
    logs.configure()
    services = build_services(Settings())
    honest = services.turnstile
    services.__dict__["turnstile"] = HastyTurnstile(honest.sessions, honest.proofs, honest.own_readers, honest.times)
    return create_app(services)


FACTORY: Final = "tests.chaos.service.hasty:hasty_app"


def main(*, port: Annotated[int, typer.Option()], workers: Annotated[int, typer.Option()] = 1) -> None:
    """Serve until stopped. Example: python -m tests.chaos.service.hasty --port 8080."""
    if workers > 1:
        serve_with_workers(FACTORY, "127.0.0.1", port, workers)
    else:
        serve(hasty_app(), "127.0.0.1", port)


if __name__ == "__main__":
    typer.run(main)
