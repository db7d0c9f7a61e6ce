"""The kiosk's log: one JSON object a line on standard error."""

from __future__ import annotations

import sys

import structlog


def configure_logs() -> None:
    """Log as JSON. Tracebacks come without local variables: a PIN may be among them."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
