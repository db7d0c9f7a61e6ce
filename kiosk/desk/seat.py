"""The officer's place at a desk: whoever's card is in its reader, and has been given its PIN, acts there.

The card stays in, and nothing else on this machine gets at it meanwhile. As long as it does, it proves without the PIN,
again and again, that it is there; once it is taken out, what it began is over, here and at the service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable
from cardsvc.client.clock import Clock, system_clock
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.levels import Level
from kiosk.proving import prove
from readers.connection import CardReader
from readers.piv.pin import Pin
from readers.piv.session import PivSession

TENDED_EVERY: Final = timedelta(seconds=30)
"""How often `Sitting.tend` is called: well within what the service takes for an idle visit (90 seconds)."""
_EARLY: Final = timedelta(minutes=2)
"""The card begins another visit so long before the present one is over, whatever it is busy with."""


class PinForgotten(Exception):
    """Raised when the card was reset, by a fault or by somebody: the officer has to enter the PIN again."""


class Seat:
    """Where officers sign in. Use `taken` in a ``with`` block that ends when the card is taken out."""

    def __init__(
        self, desk: ServiceClient, open_for: Callable[[str], ServiceClient], clock: Clock = system_clock
    ) -> None:
        """``open_for`` makes the desk's client for the officer whose visit token it is given."""
        self._desk = desk
        self._open_for = open_for
        self._clock = clock

    @contextmanager
    def taken(self, reader: CardReader, pin: Pin, check: Callable[[], None] = lambda: None) -> Iterator[Sitting]:
        """Sign the officer in whose card is in the reader, and out at the end.

        The service is asked for a challenge before the PIN is used: while it is away, that costs no try. ``check``
        raises where nobody waits any more: the PIN is not used then, or what has begun is ended. Raises
        ReaderError (WrongPin with the tries left, PinBlocked, NotAPivCard, …), ServiceUnreachable, and ServiceProblem:
        card-of-no-officer, card-not-active, locked-by-citizen, … .
        """
        with reader.connect() as connection, connection.transaction():
            session = PivSession.open(connection)
            card_uuid = session.read_chuid().guid
            (challenge,) = self._desk.challenges(Level.PIN)
            check()
            session.verify_pin(pin)
            del pin  # the card remembers it for as long as the officer stays
            sitting = Sitting(self._desk, session, card_uuid, self._clock)
            try:
                with self._open_for(sitting.prove(challenge)) as officer:
                    check()
                    officer.access_token()  # whether it is an officer's card at all
                    sitting.officer = officer
                    yield sitting
            finally:
                sitting.leave()


class Sitting:
    """An officer who has signed in."""

    officer: ServiceClient
    """The service, in the officer's name."""

    def __init__(self, desk: ServiceClient, session: PivSession, card_uuid: UUID, clock: Clock) -> None:
        self.card_uuid = card_uuid
        self._desk = desk
        self._session = session
        self._clock = clock
        self._visits: dict[str, datetime] = {}
        """Tokens of all that are not over, the newest last, and when they will be."""

    def tend(self) -> None:
        """Look whether the card is there, and tell the service so. To be called every `TENDED_EVERY`.

        Raises PinForgotten, and what `Seat.taken` raises; the service not being reached for a while ends nothing here.
        """
        if self._session.pin_tries_left() is not None:
            raise PinForgotten
        token, ends = list(self._visits.items())[-1]
        if self._clock() < ends - _EARLY:
            self._desk.keep_visit(token)
            return
        (challenge,) = self._desk.challenges(Level.PIN)
        self.officer.go_on_with(self.prove(challenge))

    def prove(self, challenge: Challenge) -> str:
        """Have the card prove that it is there, by its PIN; the token of a visit."""
        begun = self._desk.authenticate(prove(self._session, challenge, self.card_uuid))
        self._visits = {token: ends for token, ends in self._visits.items() if ends > self._clock()}
        self._visits[begun.visit_token] = begun.expires_at
        return begun.visit_token

    def leave(self) -> None:
        """End at the service what the card has begun. What does not get there ends by itself soon."""
        for token in self._visits:
            with suppress(ServiceProblem, ServiceUnreachable):
                self._desk.end_visit(token)
