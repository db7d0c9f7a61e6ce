"""The kiosk's log: one JSON object a line on standard error."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(least: int = logging.NOTSET) -> None:
    """Log as JSON what is of this level or higher. Tracebacks come without local variables: a PIN may be among them."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(least),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
