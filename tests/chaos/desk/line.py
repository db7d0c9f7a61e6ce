"""A network line between a desk and the card service that can be cut at any moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

_CHUNK: Final = 65536


class Line:
    """Listens on a free port of its own and carries what comes to the service, and back."""

    def __init__(self, port: int) -> None:
        """``port`` is the service's, on this machine."""
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._down = threading.Event()
        self.cuts = 0

    @property
    def url(self) -> str:
        """Where the desk finds the service."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self, seconds: float) -> None:
        """Everything that is open breaks, and nothing new gets through for a while."""
        self.cuts += 1
        self._down.set()
        threading.Timer(seconds, self._down.clear).start()
        self._break_all()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Cut for the time of a ``with`` block."""
        self.cuts += 1
        self._down.set()
        self._break_all()
        try:
            yield
        finally:
            self._down.clear()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.close()
        self._break_all()

    def _break_all(self) -> None:
        with self._lock:
            for end in self._open:
                _shut(end)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                if self._down.is_set():
                    near.close()
                    continue
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            near.close()
            return
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {near, far}
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(_CHUNK):
            target.sendall(content)
    _shut(source)
    _shut(target)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
