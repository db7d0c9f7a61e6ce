"""The status lists of cards, as a JOSE library that we do not sign with sees them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest

from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.status_list import StatusReference
from tests.fixtures.proofs import BASE_URL, City, IssuedCard
from tests.fixtures.publishing import certificate, get, hold, later, release, revoke


class TestStatusLists:
    def test_another_library_reads_what_is_true(self, city: City) -> None:
        card = city.card()
        changes: list[tuple[Callable[[City, IssuedCard], None], int]] = [(hold, 2), (release, 0), (revoke, 1)]
        assert status(city, card) == 0
        for change, expected in changes:
            change(city, card)
            assert status(city, card) == expected

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            (CardState.PERSONALISING, 2),
            (CardState.SEALED, 2),
            (CardState.DELIVERED, 2),
            (CardState.ACTIVE, 0),
            (CardState.QUARANTINED, 1),
            (CardState.EXPIRED, 1),
            (CardState.DESTROYED, 1),
        ],
    )
    def test_the_state_of_the_card_is_told(self, city: City, state: CardState, expected: int) -> None:
        assert status(city, city.card(state)) == expected

    def test_a_card_whose_time_is_over_is_invalid(self, city: City) -> None:
        card = city.card()
        city.clock.now = certificate(city, card).not_valid_after_utc + timedelta(days=1)
        assert status(city, card) == 1

    def test_places_are_random_and_no_two_cards_have_the_same(self, city: City) -> None:
        places = [reference(city, city.card()) for _ in range(8)]
        assert len({place.index for place in places}) == 8
        assert len({place.uri for place in places}) == 1
        assert [place.index for place in places] != sorted(place.index for place in places)

    def test_neither_the_number_of_cards_nor_a_change_can_be_told(self, city: City) -> None:
        """There are thousands of each status among decoys; and what changes with a card changes elsewhere too."""
        card = city.card(CardState.DELIVERED)
        before = statuses(city, card)
        assert all(sum(status == value for status in before) > 1000 for value in (0, 1, 2))
        changed = 0
        for change in (release, hold) * 6:
            change(city, card)
            after = statuses(city, card)
            changed += sum(one != other for one, other in zip(before, after, strict=True))
            before = after
        assert changed > 12

    def test_it_is_not_signed_anew_while_nothing_changes(self, city: City) -> None:
        path = reference(city, city.card()).uri.removeprefix(BASE_URL)
        first = get(city, path)
        later(city)
        assert get(city, path).content == first.content
        assert first.headers["Content-Type"] == "application/statuslist+jwt"
        assert first.headers["Cache-Control"] == "public, max-age=300"

    def test_another_list_there_is_not(self, city: City) -> None:
        assert city.http().get(f"/status-lists/{uuid4()}").status_code == 404
        assert city.http().get("/status-lists/1").status_code == 422


def reference(city: City, card: IssuedCard) -> StatusReference:
    found = StatusReference.of_certificate(certificate(city, card))
    assert found is not None
    return found


def statuses(city: City, card: IssuedCard) -> list[int]:
    """As draft-ietf-oauth-status-list §8.3 says, with PyJWT and the JWKS."""
    uri = reference(city, card).uri
    token = get(city, uri.removeprefix(BASE_URL)).text
    keys = jwt.PyJWKSet.from_dict(get(city, "/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "statuslist+jwt"
    claims = jwt.decode(
        token,
        keys[header["kid"]].key,
        algorithms=["ES256"],
        options={"require": ["sub", "iat", "exp", "ttl"], "verify_exp": False, "verify_iat": False},
    )
    assert claims["sub"] == uri
    assert claims["iat"] <= city.clock().timestamp() < claims["exp"]
    assert claims["status_list"]["bits"] == 2
    packed = zlib.decompress(base64.urlsafe_b64decode(claims["status_list"]["lst"] + "=="))
    return [byte >> shift & 3 for byte in packed for shift in (0, 2, 4, 6)]


def status(city: City, card: IssuedCard) -> int:
    return statuses(city, card)[reference(city, card).index]
