"""The printer that this computer uses by itself, and PDF."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPdfWriter
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from kiosk.desk.paper import NotPrinted
from kiosk.papers.queue import NoQueue, QueueSilent, ask_queue, default_queue


def pdf_of(draw: Callable[[QPdfWriter], None]) -> bytes:
    """What ``draw`` draws, in memory: into a file that takes no more, or is not there, Qt writes without a word.

    In any thread.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    draw(QPdfWriter(buffer))
    return bytes(buffer.data().data())


def on_paper(draw: Callable[[QPrinter], None]) -> str | None:
    """Print what ``draw`` draws, and say what the printer is called; None where there is none.

    In any thread; it may take half a minute. Raises NotPrinted.
    """
    _ask_cups()
    known = QPrinterInfo.defaultPrinter()
    if known.isNull():
        return None
    printer = QPrinter(known, QPrinter.PrinterMode.HighResolution)
    draw(printer)
    if printer.printerState() is QPrinter.PrinterState.Error:
        raise NotPrinted
    return known.description()


def _ask_cups() -> None:
    """Where CUPS prints: Qt waits a minute for it, and says nothing of a queue that takes nothing or stands."""
    if shutil.which("lpstat") is None:
        return
    try:
        name = default_queue()
        queue = None if name is None else ask_queue(name)
    except QueueSilent as silent:
        raise NotPrinted from silent
    except NoQueue:  # a printer of the network, for which CUPS makes a queue when it is used
        return
    if queue is not None and not (queue.accepting and queue.enabled):
        raise NotPrinted
