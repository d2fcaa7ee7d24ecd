"""Which addresses may be reached where a caller names the URL. Pure: who connects asks this of what a name resolved to.

Refused is whatever is not on the public Internet: private, loopback, link-local (where clouds keep their metadata),
multicast and reserved addresses, and those that carry a refused IPv4 address inside an IPv6 one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291: the same, deprecated
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers; clouds keep services there
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # NAT64 of somebody's own
        "100::/64",
        "2001::/23",  # protocols, Teredo among them
        "2002::/16",  # 6to4: goes wherever its IPv4 address says
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks such as `10.0.0.0/8` or `::1`. Raises ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def is_allowed(address: str, allowed: Sequence[Network]) -> bool:
    """Whether it may be connected to. address: as a resolver writes it; what is none is refused.

    allowed: networks that may be reached all the same.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if "%" in address:
        return False  # of one link only
    inner = _carried(parsed)
    return all(_within(one, allowed) or _is_public(one) for one in ([inner] if inner is not None else [parsed]))


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which one of IPv6 leads."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not _within(address, _REFUSED)
