"""The process harness with real shell commands: nothing outlives what should end it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import LocalError
from local.leftovers import end_leftovers, stack_pids
from local.ports import free_port, is_free
from local.process import Process
from local.readiness import wait_until
from local.stack import Stack
from local.supervisor import Supervisor


def never_fails() -> None:
    return


@pytest.fixture
def run(tmp_path: Path) -> Iterator[list[Process]]:
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()


def make(run: list[Process], tmp_path: Path, command: str, **env: str) -> Process:
    process = Process("shell", command, cwd=tmp_path, env={**os.environ, **env}, log=tmp_path / "shell.log")
    run.append(process)
    process.start()
    return process


def test_output_goes_on_across_restarts(run: list[Process], tmp_path: Path) -> None:
    process = make(run, tmp_path, "echo hello $WHO", WHO="world")
    assert process.wait(5) == 0
    process.start()
    process.wait(5)
    assert process.output() == "hello world\nhello world\n"


def test_an_end_nobody_asked_for_is_told_apart(run: list[Process], tmp_path: Path) -> None:
    process = make(run, tmp_path, "false")
    process.wait(5)
    assert (process.died, process.returncode) == (True, 1)
    other = make(run, tmp_path, "sleep 60")
    assert other.alive
    assert other.stop() == -signal.SIGTERM
    assert not other.died


def test_kill_ends_children_too(run: list[Process], tmp_path: Path) -> None:
    process = make(run, tmp_path, "sh -c 'sleep 60 & echo $!; wait'")
    wait_until(lambda: process.output().endswith("\n"), "a child", 5, never_fails, every_s=0.01)
    child = int(process.output())
    assert process.kill() == -signal.SIGKILL
    wait_until(lambda: not is_running(child), "the end of the child", 5, never_fails, every_s=0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_two_starts_are_refused(run: list[Process], tmp_path: Path) -> None:
    process = make(run, tmp_path, "sleep 60")
    with pytest.raises(LocalError, match="runs already"):
        process.start()


def test_leftovers_are_found_by_their_run_folder(run: list[Process], tmp_path: Path) -> None:
    process = make(run, tmp_path, "sleep 60", DOPPEL_RUN_DIR=str(tmp_path))
    wait_until(lambda: stack_pids(tmp_path) == [process.pid], "a process", 5, never_fails, every_s=0.01)
    assert end_leftovers(tmp_path) == 1
    assert stack_pids(tmp_path) == []


def test_a_free_port_is_free() -> None:
    assert is_free(free_port())


def test_stack_restarts_redis_with_its_data(tmp_path: Path) -> None:
    with Stack(tmp_path, settings={"DOPPEL_LEASE_S": "2"}) as stack:
        redis = stack.start("redis")
        first = redis.pid
        # Its title must not take the place of the environment that it is found by.
        assert stack_pids(tmp_path) == [first]
        assert redis.alive
        assert stack.env["DOPPEL_LEASE_S"] == "2"
        stack.restart("redis")
        assert redis.pid != first
    assert not redis.alive
    assert stack_pids(tmp_path) == []


def test_stack_names_the_process_that_ended(tmp_path: Path) -> None:
    procfile = "gateway: sh -c 'echo no such model >&2; exit 3'\n"
    with stack_of(tmp_path, procfile) as stack:
        stack.start("gateway").wait(5)
        with pytest.raises(LocalError, match=r"gateway ended with status 3(.|\n)*no such model"):
            stack.wait_ready(5)


def test_a_supervisor_starts_again_what_ended(tmp_path: Path) -> None:
    with stack_of(tmp_path, "gateway: sleep 60\nindex: sleep 60\n") as stack:
        stack.up("gateway", "index")
        gateway, index = stack.process("gateway").pid, stack.process("index").pid
        os.kill(gateway, signal.SIGKILL)
        stack.process("gateway").wait(5)
        Supervisor(stack).look()
        assert stack.process("gateway").alive
        assert stack.process("gateway").pid != gateway
        assert stack.process("index").pid == index


@pytest.mark.parametrize(("status", "starts"), [(78, 1), (3, 4)])
def test_a_supervisor_gives_up_what_cannot_start(tmp_path: Path, status: int, starts: int) -> None:
    line = f"encoder: sh -c 'echo no such model >&2; exit {status}'\nindex: sleep 60\n"
    with stack_of(tmp_path, line) as stack:
        stack.up("encoder", "index")
        supervisor = Supervisor(stack)
        for _ in range(starts - 1):
            stack.process("encoder").wait(5)
            supervisor.look()
        stack.process("encoder").wait(5)
        with pytest.raises(LocalError, match=rf"encoder ended with status {status}(.|\n)*no such model"):
            supervisor.look()
        assert stack.output("encoder").count("no such model") == starts


def stack_of(folder: Path, procfile: str) -> Stack:
    (folder / "Procfile").write_text(procfile, encoding="utf-8")
    return Stack(folder / "run", procfile=folder / "Procfile")


def test_unknown_process_names_the_known_ones(tmp_path: Path) -> None:
    with Stack(tmp_path) as stack, pytest.raises(LocalError, match="redis, gateway"):
        stack.start("database")


def test_temporary_folder_goes_with_the_stack() -> None:
    with Stack() as stack:
        assert stack.run_dir.is_dir()
    assert not stack.run_dir.exists()
