"""Makes the pictures of docs/kiosk.md from what the tests of every screen's looks left in var/screens.

usage: python -m tests.pictures    (after: pytest tests/integration/kiosk/test_looks.py -k axe,
                                    and pytest tests/integration/kiosk/desk/test_pictures.py for those of docs/desk.md)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).parent.parent
SCREENS: Final = ROOT / "var" / "screens" / "landscape" / "en"
WANTED: Final = {"attract": 0, "services": 0, "consent": 0, "form": 0, "pin-entry": 0, "review": 0, "done": 5}
"""Which of the pictures of a screen, in the order in which they were taken."""
DESK: Final = ROOT / "var" / "screens" / "desk" / "en-light"
AT_THE_DESK: Final = (
    "wrong-pin", "queue", "enrolment-filled", "issuing-open", "issuing-finished", "hand-over", "citizens-pin-weak",
    "card-open", "act-explained", "stock", "report",
)  # fmt: skip
_WIDTH: Final = 960
_COLOURS: Final = 48


def shrink(source: Path, target: Path) -> None:
    """At most so wide, in few colours: 20 to 40 kB."""
    picture = Image.open(source).convert("RGB")
    if picture.width > _WIDTH:
        size = _WIDTH, round(picture.height * _WIDTH / picture.width)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    for name, number in WANTED.items() if SCREENS.exists() else ():
        shrink(sorted(SCREENS.glob(f"[0-9]*-{name}.png"))[number], ROOT / "docs" / f"screen-{name}.png")
    for name in AT_THE_DESK:
        (picture,) = DESK.glob(f"[0-9]*-{name}.png")
        shrink(picture, ROOT / "docs" / f"desk-{name}.png")
