"""Another program that uses the same reader: it holds the card, lets it go, resets it, as its standard input says."""

from __future__ import annotations

import sys
from contextlib import suppress

from smartcard import scard


def main() -> None:
    """Argument: name of the reader."""
    held: list[tuple[int, int]] = []
    for line in sys.stdin:
        order = line.strip()
        if order == "release":
            for context, card in held:
                scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
                scard.SCardReleaseContext(context)
            held.clear()
            code = 0
        else:
            _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
            share = scard.SCARD_SHARE_EXCLUSIVE if order == "hold" else scard.SCARD_SHARE_SHARED
            code, card, _ = scard.SCardConnect(context, sys.argv[1], share, scard.SCARD_PROTOCOL_T1)
            if code == 0 and order == "hold":
                held.append((context, card))
            else:
                scard.SCardDisconnect(card, scard.SCARD_RESET_CARD)
                scard.SCardReleaseContext(context)
        with suppress(BrokenPipeError):
            print(code & 0xFFFFFFFF, flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
