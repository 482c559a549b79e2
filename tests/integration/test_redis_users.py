"""Each kind of process as a Redis user of its own: the work goes through, and that is all that it may do."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from local.acl import FILE, ROLES, make_users
from local.errors import LocalError
from local.ports import free_port
from shared.broker import Publisher, make_celery
from shared.ids import new_id
from shared.key_file import add_key
from shared.keys import make_key
from shared.ledger import Ledger, keys
from shared.ledger.units import Claim
from shared.messages import JobOptions, UnitHint
from shared.settings import CommonSettings
from tests.conftest import RedisServer, wait_until
from tests.site import Site, work
from tests.support import Shop, ndjson


@dataclass
class Guarded:
    """A Redis with the users that `python -m local acl` makes."""

    server: RedisServer
    folder: Path

    def settings(self, role: str) -> CommonSettings:
        return CommonSettings(
            redis_url=f"redis://{role}@127.0.0.1:{self.server.port}/0",
            redis_password_file=self.folder / f"{role}.password",
            spool_url=str(self.folder / "spool"),
            retention_s=60,
        )

    def client(self, role: str) -> Redis:
        password = (self.folder / f"{role}.password").read_text()
        return Redis(port=self.server.port, username=role, password=password, decode_responses=True)

    @contextmanager
    def nothing_denied(self) -> Iterator[Redis]:
        """Fail if anything was denied in the block but `CLIENT`, which redis-py asks for and does without."""
        with self.client("admin") as admin:
            admin.acl_log_reset()
            yield admin
            found = [(entry["username"], entry["object"], entry["context"]) for entry in admin.acl_log()]
            # Redis 7.2 and later name the subcommand.
            assert [entry for entry in found if entry[1].split("|")[0] != "client"] == []


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    make_users(folder)
    server = RedisServer(free_port(), folder, ("--aclfile", str(folder / FILE)))
    server.start()
    yield Guarded(server, folder)
    server.kill()


def test_all_work_goes_through_and_nothing_that_it_needs_is_denied(guarded: Guarded, tmp_path: Path) -> None:
    key, text = make_key("somebody", "admin", rate=10_000, max_active_jobs=100)
    (tmp_path / "keys.json").write_text('{"keys": []}')
    add_key(tmp_path / "keys.json", key)
    roles = {**{role: role for role in ROLES}, "interactive": "encoder"}
    settings = {process: guarded.settings(role) for process, role in roles.items()}
    variables = {"DOPPEL_KEYS_FILE": str(tmp_path / "keys.json"), "DOPPEL_LEASE_S": "1"}
    with guarded.nothing_denied() as admin, Site(settings, tmp_path, **variables) as site:
        pairs = work(site, Authorization=f"Bearer {text}")
        assert [(pair["a"], pair["b"], pair["verdict"]) for pair in pairs] == [("0", "1", "duplicate")]
        wait_until(lambda: not admin.exists(keys.LEFTOVERS), what=site.output)
        # Redis loses a job that the index worker has not finished; the reconciler brings it back.
        site.processes["index"].stop()
        with closing(Shop(site)) as shop:  # type: ignore[arg-type]
            shop.http.headers["Authorization"] = f"Bearer {text}"
            lost = shop.submit("shop", ndjson([{"id": "z", "title": "Steel bottle"}]))["id"]
            admin.flushdb()
            wait_until(lambda: admin.get(keys.EPOCH) == "1", what=site.output)
            site.processes["index"].start()
            shop.wait(lost)


def job_of(guarded: Guarded) -> str:
    """Record a job of one chunk, as the gateway."""
    job_id = new_id()
    with Ledger.connect(guarded.settings("gateway")) as ledger:
        ledger.create(job_id, JobOptions(catalog="shop"), 256)
        ledger.add_chunk(job_id, 0, 4)
        ledger.seal(job_id)
    return job_id


def claimed(ledger: Ledger, job_id: str) -> Claim:
    return ledger.units.claim(UnitHint(job_id=job_id, stage="encode", unit="0"))


RARE: dict[str, tuple[str, Callable[[Ledger, str], object]]] = {
    "a job is cancelled": ("gateway", lambda ledger, job: ledger.cancel(job)),
    "jobs are listed": ("gateway", lambda ledger, _: ledger.recent(None, 10)),
    "an upload goes on": ("gateway", lambda ledger, job: ledger.keep_receiving(job)),
    "a key is freed": ("gateway", lambda ledger, job: ledger.idempotency.unreserve("x", job)),
    "a slot is freed": ("gateway", lambda ledger, job: ledger.quotas.free_slot("x", job)),
    "a row is held": ("encoder", lambda ledger, job: ledger.suspects.hold(job, "0", 1)),
    "a death is counted": ("encoder", lambda ledger, job: ledger.suspects.accuse(job, "0")),
    "a row is let go": ("encoder", lambda ledger, job: ledger.suspects.let_go(job, "0")),
    "a row is acquitted": ("encoder", lambda ledger, job: ledger.suspects.acquit(job, 1)),
    "work is given back": ("encoder", lambda ledger, job: ledger.units.release(claimed(ledger, job), 1)),
    "a chunk is halved": ("encoder", lambda ledger, job: ledger.units.split(claimed(ledger, job))),
    "a job fails": ("index", lambda ledger, job: ledger.fail(job, "job_failed", "why")),
    "a chunk goes back": ("index", lambda ledger, job: ledger.units.reopen(job, "0", 4)),
    "work is due": ("reconciler", lambda ledger, _: ledger.units.due()),
    "a queue is looked at": ("reconciler", lambda ledger, _: ledger.upkeep.queue_depth("encode.bulk")),
    "an upload is stalled": ("reconciler", lambda ledger, _: ledger.upkeep.stalled_uploads(0)),
    "what is left is cleared": ("reconciler", lambda ledger, job: ledger.upkeep.clear(job)),
    "a job is forgotten": ("reconciler", lambda ledger, job: ledger.upkeep.forget(job)),
    "one leads": ("reconciler", lambda ledger, _: [ledger.upkeep.lead("x", "me", 1000) for _ in range(2)]),
}


@pytest.mark.parametrize(("role", "step"), RARE.values(), ids=RARE)
def test_what_is_rarely_done_is_not_denied(
    guarded: Guarded, role: str, step: Callable[[Ledger, str], object]
) -> None:
    job_id = job_of(guarded)
    with guarded.nothing_denied(), Ledger.connect(guarded.settings(role)) as ledger:
        ledger.suspects.hold(job_id, "0", 1) if role == "encoder" else None
        step(ledger, job_id)


@pytest.mark.parametrize("role", ["encoder", "index"])
def test_a_message_of_a_dead_worker_is_brought_back(guarded: Guarded, role: str) -> None:
    at_once = guarded.settings(role).model_copy(update={"visibility_timeout_s": 0})
    with guarded.nothing_denied() as admin:
        admin.delete(f"{keys.PREFIX}encode.bulk", f"{keys.PREFIX}unacked", f"{keys.PREFIX}unacked_index")
        with make_celery("test", guarded.settings("gateway"), publisher_only=True) as app:
            Publisher(app).hint(UnitHint(job_id=new_id(), stage="encode", unit="0"))
        with make_celery("test", at_once) as app, app.connection_for_read() as connection:
            channel = connection.default_channel
            taken = channel.basic_get("encode.bulk")
            assert admin.llen(f"{keys.PREFIX}encode.bulk") == 0
            channel.qos.restore_visible(num=10, interval=1)
            assert admin.llen(f"{keys.PREFIX}encode.bulk") == 1
            channel.basic_ack(taken.delivery_tag)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "command",
    ["FLUSHALL", "FLUSHDB", "CONFIG GET *", "CONFIG SET dir /tmp", "KEYS *", "BGREWRITEAOF",
     "SHUTDOWN NOSAVE", "SAVE", "MONITOR", "ACL LIST", "ACL SETUSER me on", "MODULE LIST",
     "REPLICAOF 127.0.0.1 1", "CLIENT LIST", "SCRIPT FLUSH", "EVAL return(1) 0", "GET another",
     "SET another 1", "RENAME doppel:jobs doppel:ended", "SUBSCRIBE another", "PUBLISH another x"],
)  # fmt: skip
def test_no_role_has_what_none_needs(guarded: Guarded, role: str, command: str) -> None:
    with guarded.client(role) as redis, pytest.raises(NoPermissionError):
        redis.execute_command(*command.split())


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("encoder", ("HGETALL", keys.idempotency("x"))),
        ("encoder", ("DEL", keys.idempotency("x"))),
        ("encoder", ("GET", f"{keys.PREFIX}slots:x")),
        ("encoder", ("SET", keys.EPOCH, "1")),
        ("encoder", ("SET", keys.SEQUENCE, "1")),
        ("index", ("HGETALL", keys.idempotency("x"))),
        ("index", ("GET", keys.payload("x", 0))),
        ("index", ("SET", keys.cached("image", "m", "x"), "1")),
        ("reconciler", ("GET", keys.payload("x", 0))),
        ("reconciler", ("BRPOP", f"{keys.PREFIX}encode.bulk", "1")),
        ("gateway", ("GET", keys.embeddings("x", "0"))),
        ("gateway", ("SET", keys.cached("image", "m", "x"), "1")),
        ("gateway", ("SET", keys.EPOCH, "1")),
        ("gateway", ("BRPOP", f"{keys.PREFIX}encode.bulk", "1")),
        ("gateway", ("RPOP", f"{keys.PREFIX}encode.bulk")),
    ],
)
def test_a_role_has_nothing_of_another_s(guarded: Guarded, role: str, command: tuple[str, ...]) -> None:
    with guarded.client(role) as redis, pytest.raises(NoPermissionError):
        redis.execute_command(*command)


def test_a_script_may_do_no_more_than_who_runs_it(guarded: Guarded) -> None:
    with guarded.client("encoder") as redis:
        script = redis.script_load("return redis.call('HGETALL', 'doppel:idem:x')")
        # Told in other words by each version.
        with pytest.raises(RedisError, match=r"permission|can't access"):
            redis.evalsha(script, 0)


def test_nobody_enters_without_a_password(guarded: Guarded) -> None:
    for who in ({}, {"username": "encoder", "password": "encoder"}, {"username": "default", "password": ""}):
        with Redis(port=guarded.server.port, **who) as redis, pytest.raises(RedisError):
            redis.ping()


def test_passwords_are_readable_for_their_owner_only_and_not_in_the_file_of_users(guarded: Guarded) -> None:
    users = (guarded.folder / FILE).read_text()
    passwords = sorted(guarded.folder.glob("*.password"))
    assert [path.stem for path in passwords] == sorted([*ROLES, "admin"])
    assert {path.stat().st_mode & 0o777 for path in passwords} == {0o600}
    texts: list[Any] = [path.read_text() for path in passwords]
    assert len(set(texts)) == len(texts)
    assert [text for text in texts if text in users or len(text) != 64] == []


def test_nothing_is_lost_when_redis_starts_again(guarded: Guarded) -> None:
    job_id = job_of(guarded)
    assert guarded.server.process is not None
    # Asked to end: killed, it may lose what it wrote last.
    guarded.server.process.terminate()
    guarded.server.process.wait()
    guarded.server.start()
    with Ledger.connect(guarded.settings("gateway")) as ledger, guarded.client("admin") as admin:
        assert [record.id for record in ledger.recent(None, 1)] == [job_id]
        assert ledger.read(job_id).status == "running"
        assert [entry["username"] for entry in admin.acl_log()].count("default") == 0
        # Of the versions that read their file as this user, the one that came with the tests is none.
        default = next(line for line in admin.acl_list() if line.startswith("user default "))
    assert {"off", "~*", "&*", "+@all"} <= set(default.split())
    assert "nopass" not in default


def test_users_that_are_there_are_not_replaced(guarded: Guarded) -> None:
    before = (guarded.folder / FILE).read_text()
    with pytest.raises(LocalError, match="is there"):
        make_users(guarded.folder)
    assert (guarded.folder / FILE).read_text() == before
