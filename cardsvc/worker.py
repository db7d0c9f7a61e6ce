"""One of several processes that answer at the same socket. `server.py` starts them; each is the service, whole.

What may be done by one at a time, such as giving audit records their places, takes a lock in the database for it.
"""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process
from typing import Final

from fastapi import FastAPI

from cardsvc import logs
from cardsvc.app import create_app
from cardsvc.server import quiet_uvicorn
from cardsvc.services import build_services
from cardsvc.settings import Settings

FACTORY: Final = f"{__name__}:create"


def create() -> FastAPI:
    """The application, from the settings in the environment."""
    logs.configure()
    quiet_uvicorn()
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    return create_app(build_services(Settings()))


def _end_with_supervisor() -> None:
    """Whoever kills the supervisor must not leave workers behind that hold the port."""
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)
