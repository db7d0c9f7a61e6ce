"""From what went wrong to what the desk says about it."""

from __future__ import annotations

from cardsvc.client import ServiceProblem, ServiceUnreachable
from kiosk.desk.words import Words
from readers.errors import ReaderError


def saying(error: Exception, words: Words) -> str:
    """What happened, what is safe, what to do next."""
    match error:
        case ServiceProblem():
            return error.problem.detail or error.problem.title
        case ServiceUnreachable():
            return str(words["window"]["disconnected"])
        case ReaderError():
            return str(error)
    raise error
