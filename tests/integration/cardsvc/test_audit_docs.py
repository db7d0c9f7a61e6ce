"""What docs/audit.md tells auditors to run, as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cardsvc.audit.copies import Copy
from cardsvc.audit.storage import latest_note
from cardsvc.db import looking_up
from tests.fixtures.audit import AuditLog

DOCUMENT = Path(__file__).parents[3] / "docs" / "audit.md"


class Source:
    def __init__(self, log: AuditLog) -> None:
        self.log = log

    def checkpoint(self) -> str:
        with looking_up(self.log.services.sessions) as connection:
            return latest_note(connection) or ""

    def entries(self, start: int, end: int) -> list[bytes]:
        return self.log.entries()[start:end]


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (script,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (folder / "check.py").write_text(script)
    command = (sys.executable, "-W", "ignore", str(folder / "check.py"), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.needs("openssl")
def test_a_copy_is_verified_with_openssl_and_no_code_of_ours(sqlite_log: AuditLog, tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy", sqlite_log.signer.key)
    for count in (1, 2, 300):
        sqlite_log.grow(count)
        copy.extend(Source(sqlite_log))
    key = str(sqlite_log.signer.key)

    good = check(tmp_path, str(copy.path), key)
    assert good.stdout.splitlines() == [f"{size} entries are what {copy.key.name} signed" for size in (1, 3, 303)]
    assert good.returncode == 0

    whole = copy.path.read_bytes()
    for bad in (whole.replace(b'"ana"', b'"bo"', 1), whole.replace(b"audit\\n303", b"audit\\n304")):
        copy.path.write_bytes(bad)
        assert check(tmp_path, str(copy.path), key).returncode != 0
