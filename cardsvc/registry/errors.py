"""What is refused about events of the population registry."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class RegistryEventNotFound(ServiceError):
    """Raised when no event has this id."""

    code = "no-such-registry-event"
    title = "There is no such registry event"

    def __init__(self) -> None:
        super().__init__("No event of the registry has this id.")


class RegistryEventStands(ServiceError):
    """Raised when a card is asked for, handed out or put into force for somebody who is dead or gone, as was told."""

    code = "registry-event-stands"
    title = "The registry says that this person is gone"

    def __init__(self, kind: str) -> None:
        super().__init__("The registry reported this person as dead or gone. Clear that up first.", kind=kind)


class RegistryEventSettled(ServiceError):
    """Raised when an event is confirmed or reversed that was so before. Carries its state."""

    code = "registry-event-settled"
    title = "The event is settled"

    def __init__(self, state: str) -> None:
        super().__init__(f"The event is {state}.", state=state)
