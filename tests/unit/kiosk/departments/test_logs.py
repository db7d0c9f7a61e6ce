"""The log tells what failed, not about whom."""

from __future__ import annotations

import json
from io import StringIO

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from kiosk.departments.contract.logs import configure_logs
from kiosk.departments.contract.storage import open_database


@pytest.fixture
def log() -> StringIO:
    file = StringIO()
    configure_logs(file)
    return file


def test_a_traceback_has_no_local_variables(log: StringIO) -> None:
    try:
        pseudonym = "li-wei"
        _ = 1 / (len(pseudonym) - 6)
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
    logged = json.loads(log.getvalue())

    assert "ZeroDivisionError" in logged["exception"]
    assert "li-wei" not in logged["exception"].replace('pseudonym = "li-wei"', "")


def test_an_error_of_the_database_does_not_quote_its_parameters(log: StringIO) -> None:
    engine = open_database("sqlite://")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM nowhere WHERE name = ?", ("li-wei",))
    except OperationalError:
        structlog.get_logger().exception("failed")
    engine.dispose()
    logged = json.loads(log.getvalue())

    assert "nowhere" in logged["exception"]
    assert "'li-wei'" not in logged["exception"]
