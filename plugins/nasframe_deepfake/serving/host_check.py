"""Requests of other web sites are refused: the names in `Host` and `Origin` must be those of this service.

A browser lets any site post to any address, and a site may give its own name the address of this machine.
The first is seen in `Origin`, the second in `Host`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from email.message import Message

from attrs import field, frozen

from nasframe_deepfake.serving.request_error import RequestError

__all__ = ["HostCheck", "host_name"]

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?", re.ASCII)
_LOCAL = ("localhost", "127.0.0.1", "::1")


def host_name(text: str) -> str:
    """Return a name or an address in the one form in which they are compared.

    Example:
        >>> host_name("LocalHost"), host_name("[0:0::1]"), host_name("::ffff:10.0.0.1")
        ('localhost', '::1', '10.0.0.1')
    """
    bare = text.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return text.lower()
    return str(getattr(address, "ipv4_mapped", None) or address)


def _names(texts: Iterable[str]) -> Collection[str]:
    return frozenset(map(host_name, (*_LOCAL, *texts)))


@frozen
class HostCheck:
    """The check of `Host` and `Origin`.

    Any port is right: a forwarded one is another.

    Attributes:
        names: that the service may be called by, beside those of this machine for itself.
    """

    names: Collection[str] = field(converter=_names)

    def check(self, headers: Message, address: str) -> None:
        """Refuse a request for another name, or from a page of another site.

        Args:
            headers: of the request.
            address: of this machine, at which the request arrived; see `check_name`.

        Raises:
            RequestError: with the status 400 or 403.
        """
        hosts, origins = (headers.get_all(name, []) for name in ("Host", "Origin"))
        if len(hosts) != 1 or len(origins) > 1:
            raise RequestError(400, "bad-request", "expected one header Host, and at most one Origin")
        host = hosts[0].strip()
        self.check_name(host, address, "the header Host")
        if origins and origins[0].strip().lower() not in (
            f"http://{host}".lower(),
            f"https://{host}".lower(),
        ):
            raise RequestError(403, "other-origin", "requests from pages of other sites are refused")

    def check_name(self, name: str, address: str, place: str) -> None:
        """Refuse another name than those of this service.

        Args:
            name: perhaps with a port.
            address: of this machine, at which the request arrived. No site can give itself a name that is an
                address, so it is right too.
            place: where the name stands, in words.

        Raises:
            RequestError: with the status 400 or 403.
        """
        found = _AUTHORITY.fullmatch(name)
        if found is None:
            raise RequestError(400, "bad-request", f"{place} is no name")
        if host_name(found[1]) not in {*self.names, host_name(address)}:
            raise RequestError(
                403, "other-host", f"this service is not called {found[1]}; --allow-host NAME adds a name"
            )
