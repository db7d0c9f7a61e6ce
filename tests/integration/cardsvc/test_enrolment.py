"""How a kiosk comes to be known: with a code that works once and a key of its own, on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem, enrol_kiosk
from cardsvc.db import reading
from cardsvc.fleet.codes import digest_of, write_code
from cardsvc.fleet.models import EnrolmentCode
from cardsvc.wire import jose
from cardsvc.wire.fleet import Enrolment, KioskRequest, normal_code
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import Role
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.refusals import refused

HALL = KioskRequest(client_id="kiosk-9", title="Town hall")
TIMES = 100


class Lent(httpx.BaseTransport):
    """A city's transport, for a client that closes what it was given."""

    def __init__(self, city: City) -> None:
        self._city = city

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._city.transport.handle_request(request)


@pytest.fixture
def ana(city: City) -> ServiceClient:
    return city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])


def new_key() -> ECKey:
    return ECKey.generate_key("P-256")


def enrolled(city: City, code: str, key: ECKey, **options: Any) -> Enrolment:
    return enrol_kiosk(BASE_URL, code, key, clock=city.clock, transport=Lent(city), **options)


def test_a_kiosk_is_known_by_the_key_that_came_with_its_code(city: City, ana: ServiceClient) -> None:
    ana.open_office("hengqin-1", "Hengqin")
    made = ana.add_kiosk(HALL.model_copy(update={"office": "hengqin-1"}))
    assert made.expires_at == city.clock() + timedelta(hours=24)
    key = new_key()
    told = enrolled(city, made.code, key)
    assert told == Enrolment(client_id="kiosk-9", title="Town hall", thumbprint=key.thumbprint())
    assert len(city.client("kiosk-9", key).challenges(Level.TAP, 2)) == 2
    (row,) = [caller for caller in ana.callers() if caller.client_id == "kiosk-9"]
    assert (row.kind, row.office, row.thumbprint) == (CallerKind.KIOSK, "hengqin-1", key.thumbprint())
    assert [(entry.actor, entry.detail["code_made_by"]) for entry in city.audit("kiosk.enrol")] == [("kiosk-9", "ana")]
    assert [entry.actor for entry in city.audit("kiosk.code")] == ["ana"]


def test_the_code_is_nowhere_in_the_database(city: City, ana: ServiceClient) -> None:
    code = ana.add_kiosk(HALL).code
    with reading(city.services.sessions) as session:
        kept = session.scalars(select(EnrolmentCode)).one()
    assert kept.code_sha256 == digest_of(code)
    for entry in city.audit("kiosk.code"):
        assert normal_code(code) not in normal_code(str(entry.detail))


def test_a_code_has_more_than_a_hundred_bits_and_is_never_the_same(city: City, ana: ServiceClient) -> None:
    codes = {ana.add_kiosk(KioskRequest(client_id=f"kiosk-{number}", title="x")).code for number in range(10)}
    assert len(codes) == 10
    assert {len(normal_code(code)) * 5 for code in codes} == {120}


def test_how_a_code_is_typed_does_not_matter(city: City, ana: ServiceClient) -> None:
    """https://www.crockford.com/base32.html: i and l are 1, o is 0, hyphens and small letters are well."""
    assert normal_code("oil0-ab") == "0110AB"
    written = ana.add_kiosk(HALL).code
    typed = written.replace("-", "").lower().replace("0", "o").replace("1", "l")
    assert enrolled(city, typed, new_key()).client_id == "kiosk-9"


def test_a_hundred_at_once_with_one_code_are_one_kiosk(city: City, ana: ServiceClient) -> None:
    code = ana.add_kiosk(HALL).code
    barrier = Barrier(TIMES)
    keys = [new_key() for _ in range(TIMES)]

    def come(key: ECKey) -> tuple[str, str]:
        barrier.wait(120)
        try:
            return "ok", enrolled(city, code, key).thumbprint
        except ServiceProblem as problem:
            return problem.problem.code, ""

    with ThreadPoolExecutor(TIMES) as threads:
        told = list(threads.map(come, keys))
    outcomes = Counter(outcome for outcome, _ in told)
    assert outcomes["ok"] == 1
    assert set(outcomes) <= {"ok", "enrolment-code-used", "too-many-requests"}
    (present,) = [caller.thumbprint for caller in ana.callers() if caller.client_id == "kiosk-9"]
    assert ("ok", present) in told
    assert len(city.audit("kiosk.enrol")) == 1
    assert len(city.audit("caller.register")) == 2  # ana's, and one


def test_a_code_that_is_used_expired_or_another_citys(city: City, ana: ServiceClient) -> None:
    used, old = ana.add_kiosk(HALL).code, ana.add_kiosk(KioskRequest(client_id="kiosk-8", title="x")).code
    enrolled(city, used, new_key())
    assert refused(lambda: enrolled(city, used, new_key())) == ("enrolment-code-used", 409)
    assert refused(lambda: enrolled(city, write_code(bytes(15)), new_key())) == ("enrolment-code-unknown", 404)
    city.clock.advance(hours=24)
    assert refused(lambda: enrolled(city, old, new_key())) == ("enrolment-code-expired", 410)


def test_whoever_heard_no_answer_asks_again_with_the_same_key(city: City, ana: ServiceClient) -> None:
    code, key = ana.add_kiosk(HALL).code, new_key()
    told = enrolled(city, code, key)
    city.clock.advance(hours=48)
    assert enrolled(city, code, key) == told
    assert len(city.audit("kiosk.enrol")) == 1


def test_a_kiosk_that_lost_its_disk_is_enrolled_anew_and_its_old_key_is_dead(city: City, ana: ServiceClient) -> None:
    first, lost = ana.add_kiosk(HALL).code, new_key()
    enrolled(city, first, lost)
    before = city.client("kiosk-9", lost)
    token = before.access_token()
    code, key = ana.renew_enrolment_code("kiosk-9").code, new_key()
    assert before.challenges(Level.TAP)  # until the new one has come
    enrolled(city, code, key)
    assert refused(lambda: city.client("kiosk-9", lost).challenges(Level.TAP)) == ("client-refused", 401)
    answer = city.http().get("/v1/revocations", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["type"].endswith("invalid-token")
    assert city.client("kiosk-9", key).challenges(Level.TAP)
    assert refused(lambda: enrolled(city, first, lost)) == ("enrolment-code-used", 409)


def test_a_code_is_not_good_any_more_once_there_is_another(city: City, ana: ServiceClient) -> None:
    first = ana.add_kiosk(HALL).code
    second = ana.renew_enrolment_code("kiosk-9").code
    assert refused(lambda: enrolled(city, first, new_key())) == ("enrolment-code-expired", 410)
    assert enrolled(city, second, new_key()).client_id == "kiosk-9"


def test_a_kiosk_that_was_shut_out_does_not_come_back(city: City, ana: ServiceClient) -> None:
    enrolled(city, ana.add_kiosk(HALL).code, new_key())
    code = ana.renew_enrolment_code("kiosk-9").code
    ana.disable_caller("kiosk-9")
    assert refused(lambda: enrolled(city, code, new_key())) == ("caller-disabled", 409)
    assert refused(lambda: ana.renew_enrolment_code("kiosk-9")) == ("caller-disabled", 409)


def test_names_are_taken_once(city: City, ana: ServiceClient) -> None:
    ana.add_kiosk(HALL)
    assert refused(lambda: ana.add_kiosk(HALL)) == ("caller-exists", 409)
    city.caller("desk-1", CallerKind.DESK)
    desk = KioskRequest(client_id="desk-1", title="x")
    assert refused(lambda: ana.add_kiosk(desk)) == ("caller-exists", 409)
    assert refused(lambda: ana.renew_enrolment_code("desk-1")) == ("kiosk-unknown", 404)


def test_a_key_that_is_somebodys_enrols_nobody(city: City, ana: ServiceClient) -> None:
    city.caller("kiosk-1")
    assert refused(lambda: enrolled(city, ana.add_kiosk(HALL).code, city.keys["kiosk-1"])) == ("caller-exists", 409)


FORGED: dict[str, dict[str, Any]] = {
    "for another service": {"aud": "https://cards.elsewhere.example"},
    "for another code": {"code_sha256": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
    "for another key": {"jkt": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
    "too old": {"iat": -600, "exp": -300},
    "from the future": {"iat": 600, "exp": 700},
    "good for too long": {"iat": 0, "exp": 3600},
}


@pytest.mark.parametrize("changed", FORGED.values(), ids=FORGED)
def test_a_proof_is_for_one_code_one_key_one_service_and_a_moment(sqlite_city: City, changed: dict[str, Any]) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
    code, key = ana.add_kiosk(HALL).code, new_key()
    sent: list[httpx.Request] = []

    class Caught(Lent):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return super().handle_request(request)

    enrol_kiosk(BASE_URL, code, key, clock=sqlite_city.clock, transport=Caught(sqlite_city))
    body = httpx.Response(200, content=sent[0].read()).json()
    now = int(sqlite_city.clock().timestamp())
    times = {name: now + value for name, value in changed.items() if name in ("iat", "exp")}
    claims = {**jose.parse(body["proof"]).claims, **changed, **times}
    forged = {**body, "proof": jose.sign(claims, key, typ="kiosk-enrolment+jwt")}
    answer = sqlite_city.http().post("/v1/kiosks/enrol", json=forged)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "enrolment-proof-refused")


def test_whoever_saw_the_public_key_cannot_enrol_it(sqlite_city: City) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
    code, key, others = ana.add_kiosk(HALL).code, new_key(), new_key()
    now = int(sqlite_city.clock().timestamp())
    claims = {"aud": BASE_URL, "iat": now, "exp": now + 60, "jkt": key.thumbprint(), "code_sha256": ""}
    body = {
        "code": code,
        "public_jwk": key.as_dict(private=False),
        "proof": jose.sign(claims, others, typ="kiosk-enrolment+jwt"),
    }
    answer = sqlite_city.http().post("/v1/kiosks/enrol", json=body)
    assert answer.json()["type"].endswith("enrolment-proof-refused")
