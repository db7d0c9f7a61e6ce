"""Problems (RFC 9457) as they cross the wire."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict

PROBLEM_TYPE_PREFIX: Final = "urn:citizen-card:problem:"
PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
STEP_UP_CHALLENGE: Final = 'Bearer error="insufficient_user_authentication", acr_values="{acr_values}"'
"""WWW-Authenticate where the citizen has to prove more (RFC 9470 §3), to be filled from the problem's members."""


class Problem(BaseModel):
    """A refusal: ``type`` is stable and for programs, ``detail`` says what to do, other members carry data."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str | None = None

    @property
    def code(self) -> str:
        """The type without its prefix, for example ``card-not-active``."""
        return self.type.removeprefix(PROBLEM_TYPE_PREFIX)

    @property
    def data(self) -> dict[str, Any]:
        """The extension members."""
        return dict(self.model_extra or {})
