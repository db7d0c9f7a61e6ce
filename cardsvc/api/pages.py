"""How lists are asked for in pages: ``limit`` and ``cursor``; in the answer ``next``, and a link to the next page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.datastructures import URL

from cardsvc.paging import Wanted

LONGEST: Final = 1000
"""Rows in a page."""
_USUAL: Final = 100
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is wanted."""

    wanted: Wanted
    request: Request
    response: Response

    def link(self, cursor: str | None) -> str | None:
        """The cursor of the next page, named in the Link header too."""
        if cursor is not None:
            _link_next(self.request, self.response, {"cursor": cursor})
        return cursor


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of what is read on from a place that means something by itself: an event, an index in the log."""

    request: Request
    response: Response

    def link(self, page: M, **place: UUID | int | None) -> M:
        """The page, with a link to the next one if there is one."""
        if None not in place.values():
            _link_next(self.request, self.response, place)
        return page


def _link_next(request: Request, response: Response, place: Mapping[str, object]) -> None:
    """A Link header (RFC 8288), relative: how this service is called outside, only a proxy may know."""
    query = URL(scope=request.scope).include_query_params(**{name: str(value) for name, value in place.items()}).query
    response.headers["Link"] = f'<?{query}>; rel="next"'


async def _paging(
    request: Request,
    response: Response,
    cursor: Annotated[str | None, Query(max_length=400, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST, description="So many at the most.")] = _USUAL,
) -> Paging:
    return Paging(Wanted(limit, cursor), request, response)


async def _feed_page(request: Request, response: Response) -> FeedPage:
    return FeedPage(request, response)


PagingDep = Annotated[Paging, Depends(_paging)]
FeedDep = Annotated[FeedPage, Depends(_feed_page)]
After = Annotated[
    UUID | None, Query(description="The last one that is known; without it, from the oldest that is kept.")
]
