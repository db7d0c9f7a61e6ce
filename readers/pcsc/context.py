"""pyscard's low-level module, which only this one imports, and a PC/SC context.

Every connection and every wait has a context of its own, since calls in one context wait for each other.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

from readers.errors import PcscUnavailable
from readers.pcsc.codes import check

try:
    from smartcard import scard
except ImportError:
    scard = None

_INSTALL: Final = (
    "real readers need pyscard: install the extra 'pcsc' (it builds with libpcsclite-dev and a C compiler)"
)


def pyscard() -> Any:
    """The functions of PC/SC. Raises PcscUnavailable where pyscard is not installed."""
    if scard is None:
        raise PcscUnavailable(_INSTALL)
    return scard


class Context:
    """A PC/SC context, released at the end of the ``with`` block."""

    def __init__(self) -> None:
        """Raises PcscUnavailable."""
        code, self.handle = pyscard().SCardEstablishContext(pyscard().SCARD_SCOPE_USER)
        check(code, "reach pcscd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Let go of it. Never raises."""
        pyscard().SCardReleaseContext(self.handle)

    def cancel(self) -> None:
        """End a blocking wait in it, from another thread."""
        pyscard().SCardCancel(self.handle)
