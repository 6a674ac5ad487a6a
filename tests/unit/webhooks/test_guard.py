"""Where a webhook may go: no spelling of an inner address gets through."""

import ipaddress

import pytest

from shenava.webhooks.guard import Forbidden, Target, check_address, check_url

PUBLIC = (
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "11.0.0.1", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1",
    "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "2001:4860:4860::8888",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "::ffff:808:808",
)  # fmt: skip
PRIVATE = (
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "192.168.255.255", "100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fd12:3456:789a::1", "::ffff:127.0.0.1",
    "::ffff:10.1.2.3", "::ffff:7f00:1", "0:0:0:0:0:ffff:c0a8:1",
)  # fmt: skip
NEVER = (
    "0.0.0.0",  # noqa: S104 - refused here, nothing listens on it
    "0.1.2.3", "169.254.0.1", "169.254.169.254", "::ffff:169.254.169.254", "192.0.0.1", "192.0.0.170",
    "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
    "3fff::1", "5f00::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "::ffff:0.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert check_address(address) == check_address(address, allow_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_may_be_called_only_where_that_is_allowed(address: str) -> None:
    with pytest.raises(Forbidden, match="private"):
        check_address(address)
    assert check_address(address, allow_private=True).version in {4, 6}


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("allow_private", [False, True])
def test_a_reserved_address_is_never_called(address: str, *, allow_private: bool) -> None:
    with pytest.raises(Forbidden, match="reserved"):
        check_address(address, allow_private=allow_private)


def test_a_mapped_address_is_called_in_its_plain_form() -> None:
    assert check_address("::ffff:8.8.8.8") == ipaddress.ip_address("8.8.8.8")


@pytest.mark.parametrize("text", ["", "example.com", "0x7f000001", "2130706433", "127.1", "fe80::1%eth0", "::1%1"])
def test_what_is_no_plain_address_is_not_called(text: str) -> None:
    with pytest.raises(Forbidden):
        check_address(text, allow_private=True)


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_an_inner_address_is_refused_in_a_url(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Forbidden):
        check_url(f"https://{host}/hook")


NUMBERS = (
    "2130706433",        # 127.0.0.1 as one decimal number
    "0x7f000001",        # … as one hexadecimal number
    "017700000001",      # … as one octal number
    "0177.0.0.1", "0x7f.0.0.1", "0x7F.1", "127.1", "127.0.1", "0", "0x", "0x0", "1", "127.0.0.01", "010.0.0.1",
    "169.254.43518", "0xa9fea9fe", "2852039166", "127.0.0.1.1", "256.256.256.256", "1.2.3", "127.0.0.0x1",
    "example.0x1", "example.123", "9" * 40,
)  # fmt: skip


@pytest.mark.parametrize("host", NUMBERS)
@pytest.mark.parametrize("allow_private", [False, True])
def test_a_host_that_is_a_number_in_disguise_is_refused(host: str, *, allow_private: bool) -> None:
    with pytest.raises(Forbidden, match="number"):
        check_url(f"https://{host}/hook", allow_private=allow_private)


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/", "https://user:password@example.com/", "https://example.com@127.0.0.1/",
        "https://@example.com/", "https://example.com%40127.0.0.1@example.com/",
        "https://example.com\\@127.0.0.1/", "https://example.com /", "https://exam\tple.com/", "https://example.com/\r\nx",
        "https://１２７.０.０.１/", "https://ⓔxample.com/", "https://نیلگون.example/", "https://example。com/",
        "https://[fe80::1%25eth0]/", "https://[::1", "https://[zz]/", "https://", "https:///hook", "https://:443/", "",
        "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "javascript:alert(1)",
        "http://example.com/", "https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://127.0.0.1./",
        "https://example.com:22/", "https://example.com:25/", "https://example.com:0/", "https://example.com:1023/",
        "https://example.com:65536/", "https://example.com:-1/", "https://example.com:٤٤٣/", "https://example.com:x/",
    ],
)  # fmt: skip
def test_a_url_that_could_lead_inside_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com/hook?x=1", Target("https", "example.com", 443)),
        ("https://EXAMPLE.com.:8443/", Target("https", "example.com", 8443)),
        ("https://example.com:80/", Target("https", "example.com", 80)),
        ("https://xn--mgbab2bd.example/", Target("https", "xn--mgbab2bd.example", 443)),
        ("https://8.8.8.8/", Target("https", "8.8.8.8", 443)),
        ("https://[2606:4700:4700::1111]:1024/", Target("https", "2606:4700:4700::1111", 1024)),
        ("https://1.example/", Target("https", "1.example", 443)),
        ("https://0x7f.example/", Target("https", "0x7f.example", 443)),
    ],
)
def test_a_plain_public_url_may_be_called(url: str, target: Target) -> None:
    assert check_url(url) == target


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8099/", "http://localhost:22/", "https://10.0.0.1/", "http://[::1]:80/", "http://helpdesk/"],
)
def test_on_our_own_network_plain_http_and_any_port_are_allowed(url: str) -> None:
    assert check_url(url, allow_private=True).host
