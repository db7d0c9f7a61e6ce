"""Codes that let a kiosk in: with a key of their own, rightly proved, everybody could be one."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, Final

import httpx
from joserfc.jwk import ECKey

from cardsvc.db import transaction
from cardsvc.fleet.codes import digest_of, write_code
from cardsvc.fleet.enrolling import enrol, renew_code
from cardsvc.wire.fleet import ENROLMENT_TYP, EnrolmentRequest
from tests.attack.jws import Draft, b64, ecdsa, private, thumbprint
from tests.attack.kiosks import enrols, make_code
from tests.attack.scene import Scene
from tests.attack.strikes import Book, Strike, cut
from tests.attack.world import World
from tests.fixtures.proofs import BASE_URL

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class CodeDraft:
    """A code that is about to be shown. As it stands it is good."""

    place: Codes = field(repr=False)
    code: str
    key: ECKey = field(repr=False)
    now: datetime

    def request(self) -> dict[str, Any]:
        """With the proof of the key that is to be enrolled, for this code."""
        key, now = private(self.key), int(self.now.timestamp())
        header = {"alg": "ES256", "kid": thumbprint(key), "typ": ENROLMENT_TYP}
        named = {"aud": BASE_URL, "jkt": thumbprint(key), "code_sha256": b64(digest_of(self.code))}
        claims = {**named, "iat": now, "exp": now + 60}
        proof = Draft(header, claims, ecdsa(key), Scene(key, (), (), {}), now).text()
        return {"code": self.code, "public_jwk": self.key.as_dict(private=False), "proof": proof}


class Codes:
    """Where kiosks are enrolled."""

    name = "enrolment code"

    def __init__(self, world: World) -> None:
        self.world = world
        self.attacks = attack.attacks

    @cached_property
    def code(self) -> str:
        return make_code(self.world.city, "kiosk-awaited", b"fifteen bytes !")

    @cached_property
    def key(self) -> ECKey:
        return ECKey.generate_key("P-256")

    @cached_property
    def spent(self) -> tuple[str, ...]:
        """Codes that let nobody in any more, or never did here."""
        city, other_city = self.world.city, self.world.other_city
        used, replaced = (make_code(city, f"kiosk-{name}", name.encode() * 3) for name in ("early", "later"))
        now, early = city.clock(), CodeDraft(self, used, ECKey.generate_key("P-256"), city.clock())
        with transaction(city.services.sessions) as session:
            enrol(session, EnrolmentRequest.model_validate(early.request()), issuer=BASE_URL, now=now)
            renew_code(session, "kiosk-later", b"one more, later", actor="ana", now=now)
        return used, replaced, make_code(other_city, "kiosk-away", b"elsewhere's own")

    def fresh(self, random: Random) -> CodeDraft:
        del random
        return CodeDraft(self, self.code, self.key, self.world.city.clock())

    def used(self, draft: CodeDraft) -> None:
        del draft

    def show(self, drafts: Sequence[CodeDraft]) -> Sequence[bool]:
        with transaction(self.world.services.sessions) as session:
            return [enrols(self.world.city, session, draft.request(), draft.now) for draft in drafts]

    def send(self, client: httpx.Client, draft: CodeDraft) -> None:
        """The one good code would be used up."""


attack: Book[CodeDraft] = Book()


@attack("forged", "random code")
def guessed(draft: CodeDraft, strike: Strike) -> None:
    random = strike.random
    others = write_code(random.randbytes(15)), write_code(bytes(15)), "0000-0000-0000-0000-0000-0000"
    draft.code = strike.pick(draft.code, *others)


@attack("cut", "one letter is another, or missing, or one too many")
def nearly(draft: CodeDraft, strike: Strike) -> None:
    code, at = draft.code, strike.random.choice([0, 3, 5, 13, 20, 28])
    other = strike.random.choice([letter for letter in CROCKFORD if letter != code[at]])
    swapped = code[:at] + other + code[at + 1 :]
    draft.code = strike.pick(code, swapped, cut(code, strike.random), code + other, code[:at] + code[at + 1 :])


@attack("encoding", "letters of another script, white space, other hyphens")
def respelled(draft: CodeDraft, strike: Strike) -> None:
    code = draft.code
    wide = code.translate({ord(letter): ord(letter) + 0xFEE0 for letter in string.digits + string.ascii_uppercase})
    around = f" {code}", f"{code}\n", f"{code}\0", code.replace("-", "--"), code.replace("-", "\u2010")
    draft.code = strike.pick(code, wide, *around, code.replace("-", " "), f'"{code}"', code[:4] + "\u200b" + code[4:])


@attack("replayed", "used by another kiosk, replaced by a newer one, or another city's")
def over(draft: CodeDraft, strike: Strike) -> None:
    draft.code = strike.pick(draft.code, *draft.place.spent)


@attack("re-signed", "with the key of a caller that is known")
def known_key(draft: CodeDraft, strike: Strike) -> None:
    draft.key = strike.pick(draft.key, *draft.place.world.city.keys.values())


@attack("time", "of longer ago than a day")
def too_old(draft: CodeDraft, strike: Strike) -> None:
    draft.now += timedelta(seconds=strike.pick(0, 86_400, 86_401, 10**6, 10**8))
