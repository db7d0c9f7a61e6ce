from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from readers.piv.judging import Code

JUDGING: Final = Path(__file__).parents[4] / "docs" / "judging.md"


def test_every_code_is_explained() -> None:
    explained = re.findall(r"^\| `([a-z-]+)` \|", JUDGING.read_text(), re.MULTILINE)
    assert explained == sorted(Code)
