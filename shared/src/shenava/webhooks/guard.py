"""Where a webhook may go: the guard against server-side request forgery, as values.

Checked twice: the URL when it is configured, and every address a name resolves to when a connection is made (see
``pinning``). Ranges after the IANA special-purpose registries; private ones can be allowed per endpoint, others never.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
            "3fff::/20", "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8",
        ),
    )
)  # fmt: skip

_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_WELL_KNOWN = frozenset({80, 443})
_FIRST_USER_PORT = 1024


class Forbidden(Exception):  # noqa: N818 - said of the place, not of the program
    """A webhook may not go there; the message says why and what would be allowed."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads."""

    scheme: str
    host: str
    port: int


def check_url(url: str, *, allow_private: bool = False) -> Target:
    """Where ``url`` leads, if a webhook may be sent there as far as the URL alone can tell.

    An endpoint with ``allow_private`` is known to be on our own network; it may also use plain http and any port.

    Raises:
        Forbidden: not http(s), a login or white space in it, a host that is no plain name and no plain address, an
            address or a port that is not allowed.
    """
    if _UNSAFE.search(url):
        raise Forbidden("the URL has a space, a control character, a backslash or a non-ASCII letter; write xn-- names")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Forbidden(f"the URL cannot be read: {error}") from None
    if parts.scheme not in (("http", "https") if allow_private else ("https",)):
        raise Forbidden(f"scheme {parts.scheme!r}: use https (plain http only with allow_private)")
    if "@" in parts.netloc:
        raise Forbidden("the URL holds a login; sign with the secret instead")
    host = (parts.hostname or "").rstrip(".")
    _check_host(host, allow_private=allow_private)
    port = port if port is not None else {"http": 80, "https": 443}[parts.scheme]
    if not allow_private and port not in _WELL_KNOWN and port < _FIRST_USER_PORT:
        raise Forbidden(f"port {port}: use 80, 443 or one from {_FIRST_USER_PORT}")
    return Target(parts.scheme, host, port)


def check_address(text: str, *, allow_private: bool = False) -> Address:
    """The address ``text``, in canonical form, if a webhook may be sent to it.

    Raises:
        Forbidden: it is no address, or in a range that is not allowed.
    """
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        raise Forbidden(f"{text!r} is not an IP address") from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise Forbidden(f"{text} names a local interface")
        address = address.ipv4_mapped or address
    if _in(address, PRIVATE):
        if not allow_private:
            raise Forbidden(f"{address} is private; set allow_private for an endpoint on your own network")
    elif _in(address, SPECIAL):
        raise Forbidden(f"{address} is in a reserved range and is never a receiver")
    return address


def is_literal(host: str) -> bool:
    """Whether ``host`` is an IP address in plain form and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_host(host: str, *, allow_private: bool) -> None:
    if not host:
        raise Forbidden("the URL has no host")
    if is_literal(host):
        check_address(host, allow_private=allow_private)
    # The last label decides whether resolvers read a host as a number (WHATWG URL, "ends in a number"): 127.1,
    # 0x7f.1, 2130706433 and 0177.0.0.1 are all the loopback address to some of them.
    elif _NUMERIC.fullmatch(host.rpartition(".")[2]):
        raise Forbidden(f"{host!r} is a number that resolvers read differently; write a name or a plain address")
    elif (host == "localhost" or host.endswith(".localhost")) and not allow_private:
        raise Forbidden(f"{host!r} is this machine; set allow_private for an endpoint on your own network")


def _in(address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)
