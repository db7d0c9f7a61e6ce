"""An application that does nothing, served as the service is, to measure the server by itself.

usage: python -m tests.bench.empty WORKERS
"""

from __future__ import annotations

import sys

from fastapi import FastAPI

from cardsvc.server import serve, serve_with_workers

HOST = "127.0.0.1"


def create() -> FastAPI:
    """The application."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/card-authentications")
    async def nothing() -> dict[str, str]:
        """Answer at once; the body is not even read."""
        return {}

    return app


if __name__ == "__main__":
    workers = int(sys.argv[1])
    if workers == 1:
        serve(create(), HOST, 0)
    else:
        serve_with_workers("tests.bench.empty:create", HOST, 0, workers)
