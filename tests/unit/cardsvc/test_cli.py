"""What the command line imports before it knows which command is wanted."""

from __future__ import annotations

import subprocess
import sys


def test_a_key_is_made_without_the_database_libraries() -> None:
    script = "import cardsvc.cli, sys; print(sorted({'alembic', 'fastapi', 'sqlalchemy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
