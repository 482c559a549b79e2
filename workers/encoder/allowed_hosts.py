"""The hosts that images may be fetched from, where the operator named some."""

from collections.abc import Sequence
from typing import Final

from workers.encoder.authority import Authority

_BELOW: Final = "*."


class AllowedHosts:
    """Entries are `cdn.example` or `*.cdn.example` (any name below it, not itself), with `:port` or without.

    Raises:
        SettingInvalid: an entry is none of these.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        self._hosts = {Authority.parse(entry) for entry in entries if not entry.startswith(_BELOW)}
        self._above = [Authority.parse(entry[len(_BELOW) :]) for entry in entries if entry.startswith(_BELOW)]

    def allow(self, asked: Authority) -> bool:
        """Say whether the list lets through a host with its port."""
        anything = not (self._hosts or self._above)
        return anything or self.name(asked) or self.name(Authority(asked.host, None))

    def name(self, asked: Authority) -> bool:
        """Say whether an entry names the host with this very port, which need not be one of the web's."""
        return asked in self._hosts or any(
            asked.port == above.port and asked.host.endswith(f".{above.host}") for above in self._above
        )
