"""A host, and a port if one is named, as an operator writes them: `cdn.example` or `cdn.example:8443`."""

import re
from dataclasses import dataclass
from typing import Final, Self

import httpx

from shared.errors import SettingInvalid

# What is left of a name once it is in its ASCII form (`xn--…`), and the colons of an IPv6 address.
_HOST: Final = re.compile(r"[a-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class Authority:
    """A host in the form in which it is asked for: lower case, ASCII."""

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what an operator wrote.

        Raises:
            SettingInvalid: it is more or less than a host and a port.
        """
        try:
            # No web scheme: of those, the usual port would be dropped.
            url = httpx.URL(f"host://{text}")
            host, port = url.raw_host.decode("ascii"), url.port
        except (httpx.InvalidURL, ValueError) as error:
            raise SettingInvalid(f"{text!r} is no host name: {error}") from error
        if not _HOST.fullmatch(host) or url.userinfo or url.raw_path != b"/" or text.endswith("/"):
            raise SettingInvalid(f"{text!r} is no host name, with or without a port")
        if port is not None and not 0 < port < 65536:
            raise SettingInvalid(f"{text!r} names an impossible port")
        return cls(host, port)
