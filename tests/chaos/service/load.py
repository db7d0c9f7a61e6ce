"""Clients that have cards prove themselves as fast as they can, and remember what they were told."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Condition, Thread
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.levels import Level
from tests.fixtures.proofs import IssuedCard

CLIENTS: Final = 8
_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """One proof, ready to be sent."""

    challenge_id: UUID
    body: bytes


def prepare(kiosk: ServiceClient, cards: Sequence[IssuedCard], count: int) -> list[Answer]:
    """So many proofs, each of a challenge of its own."""
    answers: list[Answer] = []
    while len(answers) < count:
        for challenge in kiosk.challenges(Level.TAP, 16):
            proof = cards[len(answers) % len(cards)].prove(challenge)
            name = UUID(bytes=urlsafe_b64decode(challenge.handle + "==")[:16])
            answers.append(Answer(name, proof.model_dump_json().encode()))
    return answers[:count]


@dataclass
class Load:
    """Sends answers until there are no more, or the service is not there. What was sent and said is remembered."""

    port: int
    token: str = field(repr=False)
    sent: set[UUID] = field(default_factory=set)
    said: dict[UUID, UUID] = field(default_factory=dict)
    """By challenge the authentication's id: the client has its 201."""
    refused: dict[UUID, str] = field(default_factory=dict)
    """By challenge the code of the problem."""
    changed: Condition = field(default_factory=Condition, repr=False)

    def run(self, answers: Sequence[Answer], *, stubborn: bool = False) -> list[Thread]:
        """Begin. A stubborn client goes on with the next answer when a connection breaks."""
        waiting = iter(answers)
        threads = [Thread(target=self._send_all, args=(waiting, stubborn), daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def wait_for(self, count: int, threads: Sequence[Thread]) -> None:
        """Until so many were accepted, or nobody sends any more."""
        with self.changed:
            while len(self.said) < count and any(thread.is_alive() for thread in threads):
                self.changed.wait(1)

    def _send_all(self, waiting: Iterator[Answer], stubborn: bool) -> None:  # noqa: FBT001 (a thread's arguments)
        answers = True
        while answers:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)) as connection:
                answers = self._send_some(connection, waiting) and stubborn

    def _send_some(self, connection: HTTPConnection, waiting: Iterator[Answer]) -> bool:
        """Whether there may be more to send: the connection broke first."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while (answer := self._take(waiting)) is not None:
            try:
                connection.request("POST", "/v1/authentications", answer.body, headers)
                response = connection.getresponse()
                content = response.read()
            except (OSError, HTTPException):
                return True
            self._note(answer, response.status, json.loads(content))
        return False

    def _take(self, waiting: Iterator[Answer]) -> Answer | None:
        with self.changed:
            answer = next(waiting, None)
            if answer is not None:
                self.sent.add(answer.challenge_id)
            return answer

    def _note(self, answer: Answer, status: int, told: dict[str, str]) -> None:
        with self.changed:
            if status == 201:
                self.said[answer.challenge_id] = UUID(told["authentication_id"])
            else:
                self.refused[answer.challenge_id] = told["type"].rsplit(":", 1)[-1]
            self.changed.notify_all()
