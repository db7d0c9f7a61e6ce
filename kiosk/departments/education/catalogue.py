"""The library's barcodes and what it owns from the first day."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from kiosk.departments.contract.storage import insert_into
from kiosk.departments.education.models import Item

BARCODE_LENGTH: Final = 14
ITEM: Final = "3"
"""The first digit of an item's barcode; a reader's begins with 2."""

FIRST_ITEMS: Final = {
    "30519000000011": "三国演义",
    "30519000000029": "红楼梦",
    "30519000000037": "Os Lusíadas",
    "30519000000045": "A Cidade e as Serras",
    "30519000000052": "Pride and Prejudice",
    "30519000000060": "The Wind in the Willows",
    "30519000000078": "珠海自然笔记",
    "30519000000086": "Dicionário Chinês-Português",
}


def seed_items(session: Session) -> None:
    """Put the first items on the shelves, where they are not there yet."""
    for barcode, title in FIRST_ITEMS.items():
        item = insert_into(session, Item).values(barcode=barcode, title=title)
        session.execute(item.on_conflict_do_nothing(index_elements=[Item.barcode]))
