"""Headers that the operator adds to requests to hosts of theirs, e.g. the token of a private CDN."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from pydantic import SecretStr, TypeAdapter, ValidationError

from shared.errors import SettingInvalid
from shared.keys import first_fault
from workers.encoder.authority import Authority

_FILE: Final = TypeAdapter(dict[str, dict[str, SecretStr]])
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# No blank at either end. Anything else fails in the HTTP library, with the value in its message.
_VALUE: Final = re.compile(r"[!-~]([ \t!-~]*[!-~])?")
# These are the connection's or the fetcher's own; with another `Host`, a secret would reach another site.
_REFUSED: Final = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
    "expect", "range", "accept-encoding", "proxy-authorization", "proxy-connection",
})  # fmt: skip


class HostHeaders:
    """Which headers belong to which host and port; a host without a port has the one of https (443).

    Raises:
        SettingInvalid: a host or a header is not one, or is there twice; no value is ever quoted.
    """

    def __init__(self, headers: Mapping[str, Mapping[str, SecretStr]]) -> None:
        self._headers: dict[Authority, dict[str, SecretStr]] = {}
        for text, of_host in headers.items():
            written = Authority.parse(text)
            place = Authority(written.host, written.port or 443)
            if place in self._headers:
                raise SettingInvalid(f"{text} is there twice")
            self._headers[place] = dict(_checked(text, of_host))

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Read a JSON file: `{"cdn.example": {"Authorization": "Bearer …"}}`; no path, no headers.

        Raises:
            SettingInvalid: it cannot be read, or does not fit.
        """
        if path is None:
            return cls({})
        try:
            return cls(_FILE.validate_json(path.read_bytes()))
        except OSError as error:
            raise SettingInvalid(f"{path}: {error.strerror}") from error
        except ValidationError as error:
            # Not chained: pydantic's own text quotes what it read.
            raise SettingInvalid(f"{path}: {first_fault(error)}") from None
        except SettingInvalid as error:
            raise SettingInvalid(f"{path}: {error}") from error

    def of(self, asked: Authority) -> dict[str, str]:
        """Return the headers of a host and port, by their names in lower case."""
        return {name: value.get_secret_value() for name, value in self._headers.get(asked, {}).items()}


def _checked(host: str, headers: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for written, value in headers.items():
        name = written.lower()
        if not _NAME.fullmatch(written) or name in _REFUSED:
            raise SettingInvalid(f"{host}: no request can be given a header {written!r}")
        if not _VALUE.fullmatch(value.get_secret_value()):
            raise SettingInvalid(f"{host}: the value of {written} is empty or has other than printable ASCII")
        if name in found:
            raise SettingInvalid(f"{host}: {written} is there twice")
        found[name] = value
    return found
