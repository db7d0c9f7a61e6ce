"""All who read tokens."""

from __future__ import annotations

from typing import Final

from tests.attack.assertions import AtTheArchive, AtTheDepartment, AtTheGate, AtTheService
from tests.attack.kiosks import AtTheEnrolment, AtTheKiosk
from tests.attack.tokens import AtTheDoor, AtTheKeyDesk, AtTheTokenEndpoint, Reader

READERS: Final[tuple[type[Reader], ...]] = (
    AtTheTokenEndpoint,
    AtTheDoor,
    AtTheDepartment,
    AtTheService,
    AtTheKeyDesk,
    AtTheGate,
    AtTheArchive,
    AtTheKiosk,
    AtTheEnrolment,
)
