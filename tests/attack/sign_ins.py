"""Where a desk exchanges the visit of an officer's card for that officer's access token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import count

import httpx

from cardsvc.authentication.signing_in import SignedIn
from cardsvc.callers.models import CallerKind
from cardsvc.db import transaction
from cardsvc.wire.authentication import TOKEN_TYPE_ACCESS
from cardsvc.wire.levels import Level
from cardsvc.wire.scopes import Scope
from tests.attack.strikes import Book, Strike
from tests.attack.visits import Counter, VisitDraft, attack
from tests.attack.world import DESK, KIOSK, OTHER_DESK, World
from tests.fixtures.proofs import IssuedCard, say_who_it_is

_numbers = count(1)
"""Of officers, whose names are theirs alone."""


class SignIn(Counter):
    """As it stands, the officer's token is granted."""

    name = "officer's sign-in"
    caller = DESK
    others = (KIOSK, OTHER_DESK)
    level = Level.PIN

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.attacks = (*attack.attacks, *on_sign_in.attacks)

    @cached_property
    def card(self) -> IssuedCard:
        return self.card_to_revoke()

    def card_to_revoke(self) -> IssuedCard:
        card = self.world.city.card()
        self.let_in(card)
        return card

    def let_in(self, card: IssuedCard, *, confirmed: bool = True) -> str:
        """Another officer, who is the resident with this card; their name."""
        city, name = self.world.city, f"officer-{next(_numbers)}"
        officer = city.caller(name, CallerKind.OFFICER)
        say_who_it_is(city, name, card.citizen_id)
        if confirmed:
            officer.confirm_card(card.uuid)
        return name

    @cached_property
    def visits_of_nobody(self) -> tuple[str, ...]:
        """They go on at this desk, and sign nobody in."""
        city, world = self.world.city, self.world
        held, twice, unconfirmed = self.card_to_revoke(), self.card_to_revoke(), city.card()
        self.let_in(twice)
        self.let_in(unconfirmed, confirmed=False)
        tokens = [self.visit(card=card) for card in (held, twice, unconfirmed, world.cards[1])]
        world.officer.hold(held.uuid, "seen elsewhere")
        return (*tokens, self.visit(level=Level.TAP))

    @cached_property
    def at_the_kiosk(self) -> str:
        """The officer's own visit, begun with the PIN where nobody signs in."""
        return self.visit(caller=KIOSK)

    @cached_property
    def scopes_of_others(self) -> Sequence[frozenset[str]]:
        """That this officer does not hold."""
        mine = {scope.value for scope in self.world.city.principal("ana").scopes}
        beyond = sorted({scope.value for scope in Scope} - mine)
        wanted = (*beyond, "*", "admin", min(mine).upper(), min(mine) + "\u200b")
        return [frozenset({one, *also}) for one in wanted for also in ((), (min(mine),))]

    def show(self, drafts: Sequence[VisitDraft]) -> Sequence[bool]:
        with transaction(self.world.services.sessions) as session:
            asked = [
                self.world.services.sign_ins.exchange(
                    session, draft.token, draft.scopes, actor=draft.actor, now=draft.now
                )
                for draft in drafts
            ]
        return [isinstance(answer, SignedIn) for answer in asked]

    def request(self, client: httpx.Client, draft: VisitDraft) -> httpx.Response:
        form = self.exchange(draft) | {"requested_token_type": TOKEN_TYPE_ACCESS, "scope": " ".join(draft.scopes)}
        return client.post("/oauth/token", data=form)


on_sign_in: Book[VisitDraft] = Book()
"""With a good token, for what it is not good for."""


@on_sign_in("relabelled", "with a card of nobody, of two officers, not confirmed or held, or only tapped")
def nobody(draft: VisitDraft, strike: Strike) -> None:
    assert isinstance(draft.place, SignIn)
    draft.token = strike.pick(draft.token, *draft.place.visits_of_nobody)


@on_sign_in("relabelled", "at a kiosk, with the officer's own visit there")
def at_a_kiosk(draft: VisitDraft, strike: Strike) -> None:
    assert isinstance(draft.place, SignIn)
    there = draft.place.world.city.principal(KIOSK), draft.place.at_the_kiosk
    draft.actor, draft.token = strike.pick((draft.actor, draft.token), there)


@on_sign_in("relabelled", "for scopes that the officer does not hold")
def more_scopes(draft: VisitDraft, strike: Strike) -> None:
    assert isinstance(draft.place, SignIn)
    draft.scopes = strike.pick(frozenset(), *draft.place.scopes_of_others)
