"""The log of a department's process: one JSON object a line on standard error."""

from __future__ import annotations

import sys
from typing import TextIO

import structlog


def configure_logs(file: TextIO = sys.stderr) -> None:
    """Log as JSON. Tracebacks come without local variables, which hold pseudonyms and what people entered."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file),
    )
