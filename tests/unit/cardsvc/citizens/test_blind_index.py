"""What a copy of the database shows of a person's words, and what it does not."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from cardsvc.citizens import blind_index
from cardsvc.citizens.blind_index import Word, words_of
from cardsvc.citizens.models import SearchToken, TokenKind
from cardsvc.citizens.service import enrol
from cardsvc.db import transaction
from cardsvc.services import Services
from tests.fixtures.issuance import MEI


def test_a_word_shows_nothing_of_itself() -> None:
    assert repr(Word(TokenKind.NAME, "陳美玲")) == "<Word name>"


def test_the_same_text_of_another_kind_has_another_token(sqlite_services: Services) -> None:
    tokens = {blind_index.token_of(sqlite_services.keystore, Word(kind, "chen")) for kind in TokenKind}
    assert len(tokens) == len(TokenKind)


def test_tokens_need_the_key(sqlite_services: Services) -> None:
    """A hash without a key could be tried with a list of names."""
    keystore = sqlite_services.keystore
    token = blind_index.document_token(keystore, MEI.document_number)
    assert len(token) == 16
    assert MEI.document_number.encode() not in token
    assert token == blind_index.document_token(keystore, MEI.document_number.lower())


def test_birth_dates_and_initials_stand_in_no_token_alone() -> None:
    for word in words_of(MEI):
        if word.kind in (TokenKind.INITIALS_AND_BIRTH, TokenKind.SOUND_AND_BIRTH):
            head, _, tail = word.text.rpartition(" ")
            assert head
            assert tail == MEI.birth_date.isoformat()
        else:
            assert str(MEI.birth_date.year) not in word.text


def test_indexing_again_leaves_no_earlier_word(sqlite_services: Services) -> None:
    keystore = sqlite_services.keystore
    renamed = MEI.model_copy(update={"name": "王小明", "name_latin": None, "birth_date": date(1990, 1, 1)})
    with transaction(sqlite_services.sessions) as session:
        citizen = enrol(session, keystore, MEI, sqlite_services.clock())
        blind_index.index(session, keystore, citizen, renamed)
        rows = session.scalars(select(SearchToken)).all()
        assert {(row.kind, row.token) for row in rows} == {
            (word.kind, blind_index.token_of(keystore, word)) for word in words_of(renamed)
        }
        assert not blind_index.find(session, keystore, words_of(MEI), 10)
