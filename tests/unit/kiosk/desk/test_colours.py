"""The desk's colours can be told apart, by day and by night (WCAG 2.2, level AA)."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kiosk.desk.colours import DARK, EDGES, LIGHT, READABLE, TEXTS, VISIBLE, Colours, contrast

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the grey that just fails, as every guide shows it
        ("#767676", "#ffffff", 4.54),  # and the one that just does not
    ],
)
def test_contrast_is_what_wcag_says(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@BOTH
@pytest.mark.parametrize(("text", "behind"), TEXTS)
def test_text_can_be_read(colours: Colours, text: str, behind: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, behind)) >= READABLE


@BOTH
@pytest.mark.parametrize(("edge", "behind"), EDGES)
def test_edges_can_be_seen(colours: Colours, edge: str, behind: str) -> None:
    assert contrast(getattr(colours, edge), getattr(colours, behind)) >= VISIBLE


def test_no_colour_is_left_out() -> None:
    looked_at = {name for pair in (*TEXTS, *EDGES) for name in pair}
    assert looked_at == {field.name for field in fields(Colours)}
