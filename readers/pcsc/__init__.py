"""Real readers, through PC/SC: the only package that imports `smartcard` (pyscard, extra ``pcsc``).

pyscard's low-level functions are used, not its classes: those hide status codes, poll, and its card monitor dies
silently when pcscd is restarted.

Which pcscd is spoken to is libpcsclite's choice: ``PCSCLITE_CSOCK_NAME`` names its socket, read once per process.
"""

from readers.pcsc.connection import PcscConnection
from readers.pcsc.reader import PcscReader, attribute, find_reader, list_readers
from readers.pcsc.watch import SlotState, StateWatch

__all__ = [
    "PcscConnection",
    "PcscReader",
    "SlotState",
    "StateWatch",
    "attribute",
    "find_reader",
    "list_readers",
]
