"""The file of API keys: JSON, replaced as a whole, readable for its owner only."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import DoppelError
from shared.keys import ApiKey, first_fault


class KeysUnreadable(DoppelError):
    """The file is missing, malformed, or cannot be read or written."""

    code = "keys_unreadable"


class UnknownKey(DoppelError):
    """The file holds no key of this id."""

    code = "key_unknown"


class KeyFile(BaseModel):
    """The document on disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[ApiKey, ...] = ()


def read_keys(path: Path) -> tuple[ApiKey, ...]:
    """Return the keys of a file.

    Raises:
        KeysUnreadable: it cannot be read, is none of ours, or names an id twice.
    """
    try:
        keys = KeyFile.model_validate_json(path.read_bytes()).keys
    except OSError as error:
        raise KeysUnreadable(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise KeysUnreadable(f"{path}: {first_fault(error)}") from error
    if len({key.id for key in keys}) < len(keys):
        raise KeysUnreadable(f"{path}: an id is there twice")
    return keys


def add_key(path: Path, key: ApiKey) -> None:
    """Add a key to a file, which is made if needed.

    Raises:
        KeysUnreadable: it cannot be read or written.
    """
    with _alone_with(path):
        _write(path, (*(read_keys(path) if path.exists() else ()), key))


def revoke_key(path: Path, key_id: str) -> ApiKey:
    """Take a key out of a file, and return what was kept of it.

    Raises:
        UnknownKey: it is not there.
        KeysUnreadable: the file cannot be read or written.
    """
    with _alone_with(path):
        keys = read_keys(path)
        revoked = next((key for key in keys if key.id == key_id), None)
        if revoked is None:
            raise UnknownKey(f"{path} has no key {key_id!r}")
        _write(path, (key for key in keys if key is not revoked))
    return revoked


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Keep two changes at once from undoing each other, e.g. one from bringing a revoked key back."""
    # Here, as there is none on Windows, where the rest of the client works.
    import fcntl

    try:
        folder = os.open(path.resolve().parent, os.O_RDONLY)
    except OSError as error:
        raise KeysUnreadable(f"{path}: {error.strerror}") from error
    try:
        # The folder and not the file, which is another one after each change.
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(path: Path, keys: Iterable[ApiKey]) -> None:
    document = KeyFile(keys=tuple(keys)).model_dump_json(indent=2, exclude_none=True)
    path, temporary = path.resolve(), ""
    try:
        # mkstemp makes it readable for its owner only.
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            if path.exists() and (path.stat().st_uid, path.stat().st_gid) != (os.getuid(), os.getgid()):
                # Else root, changing a file of the gateway's user, would lock the gateway out.
                os.fchown(handle, path.stat().st_uid, path.stat().st_gid)
            file.write(document + "\n")
            file.flush()
            os.fsync(handle)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise KeysUnreadable(f"{path}: {error.strerror}") from error
