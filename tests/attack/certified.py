"""Who is shown what goes with its signer's certificates, and checks it with the city's root certificate alone."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from random import Random
from typing import Any

from cardsvc.trust.keystore import KeyName
from tests.attack import on_certificates
from tests.attack.chains import chains_of
from tests.attack.jws import Draft
from tests.attack.scene import Scene
from tests.attack.tokens import ATTACKS, TOKEN_KEYS, Reader, claims_of


class CertifiedReader(Reader):
    """Somebody who is shown what the evidence key signed."""

    attacks = (*ATTACKS, *on_certificates.attack.attacks)
    known: tuple[str, ...]
    """Callers whose keys the attacker has."""
    audiences: tuple[str, ...]
    """Others than the right one."""

    @cached_property
    @abstractmethod
    def genuine(self) -> str:
        """One that the service made."""

    @abstractmethod
    def strangers(self) -> tuple[str, ...]:
        """Genuine tokens, but for something else."""

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in TOKEN_KEYS if name is not KeyName.EVIDENCE}
        return Scene(
            key=world.service_key(KeyName.EVIDENCE),
            rivals=self.rivals(*self.known, **others),
            strangers=self.strangers(),
            names={"aud": self.audiences},
            limits=frozenset(),
            chains=chains_of(world, self.genuine),
        )

    def claims(self, random: Random) -> dict[str, Any]:
        return claims_of(self.genuine)

    def fresh(self, random: Random) -> Draft:
        draft = super().fresh(random)
        draft.header["x5c"] = list(self.scene.chains.genuine)
        return draft
