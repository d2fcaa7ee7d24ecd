"""What is decided of webhooks: when a failed delivery is tried again, what an answer means, when an endpoint is
disabled, which URLs and which addresses of the network it may have."""

from __future__ import annotations

import random

import pytest

from hub_api.reaching.url import fault_of
from hub_api.webhooks.answer import Answer, AttemptError, error_of
from hub_api.webhooks.delivery import health
from hub_api.webhooks.delivery.health import MAX_FAILING_MS, Disabled
from hub_api.webhooks.delivery.schedule import MAX_ATTEMPTS, delay_ms
from hub_api.webhooks.outbox.writer import LANES, lane_number
from shared.public_address import is_allowed, parse_networks

_MIN, _H = 60_000, 3_600_000
FAILED = AttemptError.HTTP_STATUS


class Drawn(random.Random):
    """Draws the same always."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def random(self) -> float:
        return self._value


def test_the_attempts_are_those_of_the_specification() -> None:
    delays = [delay_ms(attempts, Drawn(0.0)) for attempts in range(10)]

    assert delays == [0, 5_000, 5 * _MIN, 30 * _MIN, 2 * _H, 5 * _H, 10 * _H, 10 * _H, None, None]
    assert MAX_ATTEMPTS == 8


@pytest.mark.parametrize("drawn", [0.0, 0.5, 0.999])
def test_jitter_only_adds_up_to_a_fifth(drawn: float) -> None:
    for attempts in range(1, MAX_ATTEMPTS):
        least, found = delay_ms(attempts, Drawn(0.0)), delay_ms(attempts, Drawn(drawn))
        assert least is not None
        assert found is not None
        assert least <= found <= least * 1.2
    assert delay_ms(1, Drawn(0.5)) == 5_500


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (200, None), (201, None), (204, None), (299, None),
        (301, AttemptError.REDIRECT), (302, AttemptError.REDIRECT), (307, AttemptError.REDIRECT),
        (400, FAILED), (401, FAILED), (404, FAILED), (410, AttemptError.GONE),
        (429, FAILED), (500, FAILED), (503, FAILED),
    ],
)  # fmt: skip
def test_what_a_status_means(code: int, error: AttemptError | None) -> None:
    assert error_of(code) is error


def answered(at_ms: int, error: AttemptError | None = None, duration_ms: int = 10) -> Answer:
    return Answer(at_ms, duration_ms, 200 if error is None else 500, error)


def test_an_endpoint_fails_since_its_first_failure_after_a_success() -> None:
    assert health.after(None, [answered(5), answered(7, FAILED), answered(9, FAILED)]).failing_since == 7
    assert health.after(3, [answered(9, FAILED)]).failing_since == 3
    assert health.after(3, [answered(9, FAILED), answered(11)]).failing_since is None


def test_an_endpoint_that_fails_for_days_is_disabled_and_not_before() -> None:
    assert health.after(1_000, [answered(1_000 + MAX_FAILING_MS - 1, FAILED)]).disabled is None
    assert health.after(1_000, [answered(1_000 + MAX_FAILING_MS, FAILED)]).disabled is Disabled.FAILING
    recovers = [answered(1_000 + MAX_FAILING_MS, FAILED), answered(1_001 + MAX_FAILING_MS)]
    assert health.after(1_000, recovers).disabled is None


def test_gone_disables_at_once() -> None:
    assert health.after(None, [answered(1), answered(2, AttemptError.GONE)]).disabled is Disabled.GONE


def test_an_endpoint_that_takes_its_time_is_slow() -> None:
    assert health.after(None, [answered(1, duration_ms=2_001)]).slow
    assert not health.after(None, [answered(1, duration_ms=2_000)]).slow


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com", "http://example.com:8080/a?b=c", "https://example.com/hook%20a", "https://münchen.de/x",
        "http://[2606:4700::1]/x", "http://10.0.0.1/",
    ],
)  # fmt: skip
def test_urls_that_will_do(url: str) -> None:
    assert fault_of(url) is None


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("ftp://example.com/x", "http"), ("example.com", "http"), ("file:///etc/passwd", "http"), ("http://", "host"),
        ("https://user:secret@example.com/", "credentials"), ("https://user@example.com/", "credentials"),
        ("https://example.com/#x", "fragment"),
        ("https://example.com/a b", "blanks"), ("https://example.com/\r\nX: y", "blanks"),
        ("https://exa mple.com/", "blanks"),
        ("https://example.com:99999/", "port"), ("https://example.com:0/", "port"), ("gopher://example.com", "http"),
        ("http://0177.0.0.1/", "URL"),
    ],
)  # fmt: skip
def test_urls_that_are_refused_by_what_is_wrong(url: str, named: str) -> None:
    assert named in (fault_of(url) or "")


PUBLIC = (
    "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "192.167.255.255", "100.63.255.255", "100.128.0.1",
    "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
)  # fmt: skip
REFUSED = (
    # this host, private, loopback
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "127.0.0.1", "127.255.255.254", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "100.64.0.1", "100.127.255.255", "::", "::1", "fc00::1", "fd12:3456::1", "fec0::1",
    # link-local, where clouds keep their metadata
    "169.254.0.1", "169.254.169.254", "100.100.100.200", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
    # multicast, reserved, documentation, benchmarks
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.192", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "ff02::1", "ff0e::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "192.88.99.1",
    # IPv4 inside IPv6
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1", "::127.0.0.1", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2002:808:808::1", "2001:0:7f00:1::1", "2001::1",
    # no address at all
    "", "localhost", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.1", "1.2.3.4.5",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert is_allowed(address, ())


@pytest.mark.parametrize("address", REFUSED)
def test_no_other_address_may(address: str) -> None:
    assert not is_allowed(address, ())


def test_an_allowed_network_opens_itself_alone() -> None:
    allowed = parse_networks(["127.0.0.0/8", "fd00::/8"])

    assert all(is_allowed(address, allowed) for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd12::1", "8.8.8.8"))
    assert not any(is_allowed(address, allowed) for address in ("10.0.0.1", "::1", "169.254.169.254", "fe80::1"))


def test_all_deliveries_of_a_chat_go_by_one_lane_and_chats_by_all_of_them() -> None:
    chats = [f"54911{number:08d}" for number in range(200)]

    assert all(lane_number(chat) == lane_number(chat) for chat in chats)
    assert {lane_number(chat) for chat in chats} == set(range(LANES))
