"""One user of Redis for each kind of process, who may do and see what that process needs, and no more.

The rules hold for Redis 6.2 and later. redis-py tells its name on each new connection (`CLIENT SETINFO`);
that is denied, as Redis 7.0 takes no rule about it, and redis-py goes on.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.errors import LocalError
from shared.ledger import keys

FILE: Final = "users.acl"

_CONNECTION = "ping select"
# Scripts are loaded and run by their digest; a script may only do what its caller may. `EVAL` stays off.
_LEDGER = (
    "evalsha script|load multi exec discard watch unwatch time publish exists get set del expire "
    "hget hmget hset hsetnx hgetall hexists hincrby hdel "
    "zadd zrem zscore zcard zrange zrangebyscore zremrangebyscore"
)
_SEND = "lpush sadd smembers"
# What kombu does to take, acknowledge and bring back messages.
_TAKE = "brpop rpop rpush llen srem zrevrangebyscore pexpire"

# The ledger's own, and the record, units and suspects of each job; who is present.
_JOBS = "job:* leases receiving ended leftovers waiting:* last-done present"
_QUEUES = "encode.* index.* _kombu.binding*"
_TAKEN = "unacked unacked_index unacked_mutex"
_ENDED = keys.ENDED_CHANNEL.removeprefix(keys.PREFIX)
_WORKERS = "/*.celeryev/*"


@dataclass(frozen=True)
class Role:
    """Names of commands, keys and channels, separated by blanks; keys and channels without our prefix."""

    commands: str
    keys: str
    channels: str = _ENDED

    def rules(self) -> str:
        """Return the rules of the role's user, but for its password."""
        words = [f"~{keys.PREFIX}{key}" for key in self.keys.split()]
        words += [f"&{keys.PREFIX}{channel}" for channel in self.channels.split()]
        return " ".join(["resetchannels", *words, "-@all", *(f"+{name}" for name in self.commands.split())])


ROLES: Final[Mapping[str, Role]] = {
    "gateway": Role(
        f"{_CONNECTION} {_LEDGER} {_SEND} llen incr incrby pexpire pttl info subscribe unsubscribe",
        f"{_JOBS} {_QUEUES} jobs sequence ping payload:* idem:* rate:* slots:*",
    ),
    "encoder": Role(
        f"{_CONNECTION} {_LEDGER} {_SEND} {_TAKE} mget info",
        f"{_JOBS} {_QUEUES} {_TAKEN} emb:* payload:* cache:*",
        f"{_ENDED} {_WORKERS}",
    ),
    "index": Role(
        f"{_CONNECTION} {_LEDGER} {_SEND} {_TAKE}",
        f"{_JOBS} {_QUEUES} {_TAKEN} emb:*",
        f"{_ENDED} {_WORKERS}",
    ),
    "reconciler": Role(
        f"{_CONNECTION} {_LEDGER} {_SEND} llen hkeys unlink pexpire",
        f"{_JOBS} {_QUEUES} jobs sequence epoch leader:* emb:*",
    ),
}


def users(passwords: Mapping[str, str]) -> str:
    """Return the file of users: each role's, and `admin`, who may do anything.

    Only digests of the passwords are in it. Nobody can be the default user, who yet may do anything: as that
    one Redis 7 reads its append-only file, and silently leaves out transactions that he may not do.
    """
    rules = {name: role.rules() for name, role in ROLES.items()} | {"admin": "~* &* +@all"}
    lines = [f"user {name} on #{_digest(passwords[name])} {rule}" for name, rule in rules.items()]
    return "\n".join(["user default off resetpass ~* &* +@all", *lines]) + "\n"


def make_users(folder: Path) -> None:
    """Write the file of users, and each one's new password into a file of its own.

    Raises:
        LocalError: there are users already, or nothing can be written there.
    """
    passwords = {name: secrets.token_hex(32) for name in (*ROLES, "admin")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, password in passwords.items():
            _write(folder / f"{name}.password", password, 0o600)
        _write(folder / FILE, users(passwords), 0o644)
    except FileExistsError as error:
        raise LocalError(f"{error.filename} is there: remove it, or name another folder") from error
    except OSError as error:
        raise LocalError(f"{error.filename}: {error.strerror}") from error


def _write(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write(text)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
