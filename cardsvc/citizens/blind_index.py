"""Finding people without reading what is known about them: keyed blind indexes.

A token is HMAC-SHA256, cut to 16 bytes, of the kind and the normalised word under the keystore's blind index key, so a
copy of the database alone finds nobody: without the key no word can be tried. What the copy does show: who shares a
word with whom (and so which names are frequent), how many readings a name has, and for birth dates nothing, since they
stand in tokens only together with a name. Whoever has the key as well can try words from a list. Tokens are deleted
with the person. docs/decisions/0008-people-under-their-own-keys.md says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cardsvc.citizens import names
from cardsvc.citizens.models import TOKEN_SIZE, Citizen, SearchToken, TokenKind
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.lifecycle import Person

_DOMAIN: Final = b"citizen-card/blind-index/v1\0"
_DOCUMENT: Final = "document"


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a person is found under, before it is hashed."""

    kind: TokenKind
    text: str

    def __repr__(self) -> str:
        return f"<Word {self.kind}>"


def document_token(keystore: Keystore, document_number: str) -> bytes:
    """The one token of a document number."""
    return _token(keystore, _DOCUMENT, names.fold(document_number))


def index(session: Session, keystore: Keystore, citizen: Citizen, person: Person) -> None:
    """Have this person found by these data, and by no earlier ones."""
    forget(session, citizen.id)
    found_by = {(word.kind, token_of(keystore, word)) for word in words_of(person)}
    session.add_all(SearchToken(kind=kind, token=token, citizen_id=citizen.id) for kind, token in sorted(found_by))
    session.flush()


def forget(session: Session, citizen_id: UUID) -> None:
    """Nobody finds this person any more."""
    session.execute(delete(SearchToken).where(SearchToken.citizen_id == citizen_id))


def find(session: Session, keystore: Keystore, words: Iterable[Word], limit: int) -> Sequence[UUID]:
    """Who is found under any of these words, in the order of enrolment."""
    found: set[UUID] = set()
    for kind, tokens in _by_kind(keystore, words).items():
        statement = (
            select(SearchToken.citizen_id)
            .where(SearchToken.kind == kind, SearchToken.token.in_(tokens))
            .distinct()
            .order_by(SearchToken.citizen_id)
            .limit(limit)
        )
        found.update(session.scalars(statement))
    return sorted(found)[:limit]


def token_of(keystore: Keystore, word: Word) -> bytes:
    """The word as it stands in the table."""
    return _token(keystore, word.kind.value, word.text)


def words_of(person: Person) -> frozenset[Word]:
    """Everything a person is found under."""
    return frozenset(
        (
            Word(TokenKind.NAME, names.fold(person.name)),
            *sound_words(person.name),
            *latin_words(person.name_latin or person.name),
            *duplicate_words(person),
            *initials_words(person),
        )
    )


def sound_words(name: str) -> Iterator[Word]:
    """The sounds of a name in Chinese characters."""
    for syllables in names.readings(name):
        yield Word(TokenKind.PINYIN, names.pinyin_key("".join(syllables)))


def latin_words(name: str) -> Iterator[Word]:
    """A name in Latin letters, with the family name at either end."""
    if names.has_han(name):
        return
    parts = names.words(name)
    yield Word(TokenKind.LATIN, "".join(parts))
    yield Word(TokenKind.LATIN, " ".join(sorted(parts)))


def duplicate_words(person: Person) -> Iterator[Word]:
    """What two records of one person are likely to share."""
    sounds = {names.blur(syllables) for syllables in names.readings(person.name)}
    for name in (person.name, person.name_latin or ""):
        if name and not names.has_han(name):
            sounds.add(" ".join(sorted(names.words(name))))
    for sound in sounds:
        yield _with_birth(TokenKind.SOUND_AND_BIRTH, sound, person.birth_date)


def initials_words(person: Person) -> Iterator[Word]:
    """The initials of every reading."""
    shortened = {names.initials(syllables) for syllables in names.readings(person.name)}
    for name in (person.name, person.name_latin or ""):
        if name and not names.has_han(name):
            shortened.add(names.initials(tuple(names.words(name))))
    for letters in shortened:
        yield initials_word(letters, person.birth_date)


def initials_word(letters: str, birth_date: date) -> Word:
    """Initials count only together with a birth date."""
    return _with_birth(TokenKind.INITIALS_AND_BIRTH, letters, birth_date)


def _with_birth(kind: TokenKind, text: str, birth_date: date) -> Word:
    return Word(kind, f"{text} {birth_date.isoformat()}")


def _by_kind(keystore: Keystore, words: Iterable[Word]) -> dict[TokenKind, set[bytes]]:
    tokens: dict[TokenKind, set[bytes]] = {}
    for word in words:
        tokens.setdefault(word.kind, set()).add(token_of(keystore, word))
    return tokens


def _token(keystore: Keystore, kind: str, text: str) -> bytes:
    return keystore.mac(KeyName.BLIND_INDEX, _DOMAIN + kind.encode() + b"\0" + text.encode())[:TOKEN_SIZE]
