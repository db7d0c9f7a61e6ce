"""Where nothing is sent: addresses that are not of the Internet, in whatever clothes they come."""

from __future__ import annotations

from ipaddress import ip_address

import anyio
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardsvc.webhooks.addresses import AddressRefused, AddressRules, NameUnknown, is_public, system_resolver
from cardsvc.webhooks.errors import WebhookUrlRefused

# Special-purpose address registries of IANA (RFC 6890), and cloud metadata services.
PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::101:101",
    "::ffff:0:10.0.0.1",
    "::ffff:0:1.1.1.1",
    "::10.0.0.1",
    "::1.1.1.1",
    "fec0::1",
    "5f00::1",
    "4000::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_other_networks_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(WebhookUrlRefused):
        AddressRules().check(f"https://{host}/cards")


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_not(address: str) -> None:
    assert is_public(ip_address(address))


def resolve(rules: AddressRules, url: str = "https://events.example/cards") -> str:
    return str(anyio.run(rules.resolve, httpx.URL(url)))


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::1", "1.1.1.1"]])
def test_a_name_that_leads_inside_is_refused_even_if_it_leads_outside_as_well(answers: list[str]) -> None:
    with pytest.raises(AddressRefused):
        resolve(AddressRules(resolver=lambda _: answers))
    assert resolve(AddressRules(private=True, resolver=lambda _: answers)) == answers[0]


def test_a_name_that_leads_nowhere() -> None:
    def unknown(_: str) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(NameUnknown):
        resolve(AddressRules(resolver=unknown))


def test_the_machine_is_asked() -> None:
    assert set(system_resolver("localhost")) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("rules", "url", "allowed"),
    [
        (AddressRules(), "http://1.1.1.1/", False),
        (AddressRules(plain_http=True), "http://1.1.1.1/", True),
        (AddressRules(plain_http=True), "http://events.example/", True),
        (AddressRules(plain_http=True), "http://127.0.0.1/", False),
        (AddressRules(private=True), "http://127.0.0.1/", True),
        (AddressRules(private=True), "http://localhost/", True),
        (AddressRules(private=True), "http://10.0.0.1/", False),
        (AddressRules(private=True), "https://10.0.0.1/", True),
        (AddressRules(private=True), "http://events.example/", False),
        (AddressRules(), "https://events.example/", True),
        (AddressRules(), "http://localhost/", False),
        (AddressRules(private=True, plain_http=True), "ftp://events.example/", False),
        (AddressRules(private=True, plain_http=True), "https://", False),
        (AddressRules(private=True, plain_http=True), "https://events.example:65536/", False),
        (AddressRules(private=True, plain_http=True), "https://events.example:0/", False),
        (AddressRules(private=True, plain_http=True), "https://events.example:65535/", True),
        (AddressRules(private=True, plain_http=True), "https://[::1", False),
    ],
)
def test_what_the_url_alone_tells(rules: AddressRules, url: str, *, allowed: bool) -> None:
    if allowed:
        assert str(rules.check(url)) == url
        return
    with pytest.raises(WebhookUrlRefused):
        rules.check(url)


def test_unencrypted_goes_no_further_than_this_machine() -> None:
    rules = AddressRules(private=True, resolver=lambda _: ["10.0.0.1"])
    with pytest.raises(AddressRefused):
        resolve(rules, "http://localhost/cards")


printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=30)


@given(st.sampled_from(["http://", "https://", "https://xn--", "https://[", "https://1.", ""]), printable)
@example("https://xn--", "a/")
def test_whatever_is_given_is_allowed_or_refused_and_nothing_else(begin: str, rest: str) -> None:
    try:
        AddressRules().check(begin + rest)
    except WebhookUrlRefused:
        return
