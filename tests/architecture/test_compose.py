"""The containers are as closed as they can be, and stay so."""

import copy
import re
from collections.abc import Callable
from fnmatch import fnmatch
from typing import Any

import grimp
import pytest
import yaml

from local.acl import ROLES
from tests.architecture.forbidden import ROOT

Service = dict[str, Any]


def read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / name).read_text(encoding="utf-8")))


COMPOSE = read("docker-compose.yml")
SERVICES: dict[str, Service] = COMPOSE["services"]
USERS: dict[str, Service] = read("docker-compose.acl.yml")["services"]
DOCKERFILES = sorted(
    path for folder in ("services", "workers") for path in (ROOT / folder).glob("*/Dockerfile")
)
# Which of our images a service runs: `interactive` and `encoder-gpu` run the encoder's.
BUILT = {
    service["image"]: service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service
}
# A release line and its system: compatible tomorrow, and with the security fixes of tomorrow.
LINE = re.compile(r"[a-z]+:\d+(\.\d+)*(-[a-z]+)+")
ROOT_USERS = (None, "root", "0", "0:0", "root:root")
# What the entrypoint of Redis's image needs to give its folder to its own user and go on as that one.
STEPPING_DOWN = ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"]
# What would give back what the other settings take.
OPENING = (
    "privileged",
    "devices",
    "userns_mode",
    "pid",
    "ipc",
    "network_mode",
    "group_add",
    "sysctls",
)


def instruction(dockerfile: str, word: str) -> list[str]:
    """Return the arguments of each line of a Dockerfile that begins with a word."""
    lines = (ROOT / dockerfile).read_text(encoding="utf-8").splitlines()
    return [line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{word} ")]


def user_of(service: Service) -> str | None:
    """Return whom a service runs as; None if its image decides, which is not ours."""
    if "user" in service or service["image"] not in BUILT:
        return service.get("user")
    return (instruction(BUILT[service["image"]], "USER") or [None])[-1]


def steps_down(service: Service) -> bool:
    """Say whether an image of somebody else's starts as root and goes on as its own user."""
    return service["image"].startswith("redis:") and service.get("cap_add") == STEPPING_DOWN


def outside(service: Service) -> set[str]:
    """Return the networks of a service that lead out."""
    networks = service.get("networks", ["default"])
    return {name for name in networks if not (COMPOSE["networks"].get(name) or {}).get("internal")}


def openings(name: str, service: Service) -> list[str]:
    """Return in what ways a container is less closed than it has to be."""
    command = " ".join(service.get("command", []))
    checks = {
        "runs as root": user_of(service) in ROOT_USERS and not steps_down(service),
        "has capabilities": "cap_add" in service and not steps_down(service),
        "can change its file system": service.get("read_only") is not True,
        "keeps capabilities": service.get("cap_drop") != ["ALL"],
        "may gain privileges": "no-new-privileges:true" not in service.get("security_opt", ()),
        "has no limit of processes": not service.get("pids_limit"),
        "has no limit of memory": not (service.get("mem_limit") or "--maxmemory " in command),
        "publishes a port": "ports" in service and name != "gateway",
        "has a foreign image of no release line": "build" not in service
        and service["image"] not in BUILT
        and not LINE.fullmatch(service["image"]),
        "has a folder of the host": any(mount[0] in "./~" for mount in service.get("volumes", ())),
        "leads out": bool(outside(service) - {"gateway": {"published"}}.get(name, {"outbound"})),
        "leads out with no reason": bool(outside(service)) and name in ("redis", "index", "reconciler"),
    }
    return [what for what, so in checks.items() if so] + [word for word in OPENING if word in service]


@pytest.mark.parametrize("name", SERVICES)
def test_container_is_closed(name: str) -> None:
    assert openings(name, SERVICES[name]) == []


WEAKER: dict[str, Callable[[Service], object]] = {
    "runs as root": lambda service: (service.update(user="root"), service.pop("cap_add", 0)),
    "can change its file system": lambda service: service.pop("read_only"),
    "keeps capabilities": lambda service: service.update(cap_drop=["NET_RAW"]),
    "may gain privileges": lambda service: service.pop("security_opt"),
    "has no limit of processes": lambda service: service.pop("pids_limit"),
    "has no limit of memory": lambda service: (service.pop("mem_limit", 0), service.pop("command", 0)),
    "publishes a port": lambda service: service.update(ports=["6379:6379"]),
    "has a foreign image of no release line": lambda service: service.update(image="redis:7", user="redis"),
    "has a folder of the host": lambda service: service.update(volumes=["/var/run/docker.sock:/d"]),
    "leads out": lambda service: service.pop("networks"),
    "leads out with no reason": lambda service: service.update(networks=["inside", "outbound"]),
    "privileged": lambda service: service.update(privileged=True),
    "has capabilities": lambda service: service.update(cap_add=["SYS_ADMIN"]),
}


@pytest.mark.parametrize("what", WEAKER)
@pytest.mark.parametrize("name", ["redis", "index"])
def test_an_opening_is_noticed(name: str, what: str) -> None:
    service = copy.deepcopy(SERVICES[name])
    service.pop("build", None)
    WEAKER[what](service)
    assert what in openings(name, service)


def test_a_port_of_redis_is_neither_published_nor_on_the_way_out() -> None:
    with_way_out = {name for name, service in SERVICES.items() if outside(service)}
    assert with_way_out == {"gateway", "encoder", "interactive", "encoder-gpu"}
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["gateway"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("shared", "services", "workers")


def is_in(module: str, place: str) -> bool:
    """Say whether a module comes with a folder or file that is copied."""
    name = module.replace(".", "/")
    return place in (f"{name}.py", f"{name}/__init__.py") or f"{name}/".startswith(f"{place}/")


def is_sent(place: str, patterns: list[str]) -> bool:
    """Say whether Docker's builder gets a folder or file."""
    return any(fnmatch(place, pattern) or place.startswith(f"{pattern}/") for pattern in patterns)


def test_what_has_a_gpu_encodes_on_nothing_else() -> None:
    on_gpus = {name for name, service in SERVICES.items() if "deploy" in service}
    told = {
        name
        for name, service in SERVICES.items()
        if service.get("environment", {}).get("DOPPEL_DEVICE") == "cuda"
    }
    assert told == on_gpus == {"encoder-gpu"}


@pytest.mark.parametrize("path", DOCKERFILES, ids=str)
def test_image_is_built_from_a_release_line_and_runs_as_a_user_of_its_own(path: Any) -> None:
    name = str(path.relative_to(ROOT))
    assert name in BUILT.values()
    assert [line for line in instruction(name, "FROM") if not LINE.fullmatch(line)] == []
    assert instruction(name, "USER") == ["doppel"]
    assert "useradd --uid 10001 " in path.read_text(encoding="utf-8")
    assert instruction(name, "ADD") == []


@pytest.mark.parametrize("path", DOCKERFILES, ids=str)
def test_image_holds_all_that_its_process_imports(path: Any, graph: grimp.ImportGraph) -> None:
    copied = [word for line in instruction(str(path.relative_to(ROOT)), "COPY") for word in line.split()[:-1]]
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert [place for place in copied if not is_sent(place, sent)] == []
    held = {module for module in graph.modules if any(is_in(module, place) for place in copied)}
    assert f"{path.parent.parent.name}.{path.parent.name}.main" in held
    assert set().union(*map(graph.find_upstream_modules, held)) - held == set()


def test_with_users_every_process_shows_who_it_is() -> None:
    assert set(USERS) == set(SERVICES)
    roles = {"interactive": "encoder", "encoder-gpu": "encoder"}
    for name, service in USERS.items():
        if name == "redis":
            assert service == {
                "command": [*SERVICES["redis"]["command"], "--aclfile", "/run/users.acl"],
                "volumes": ["./redis-users/users.acl:/run/users.acl:ro"],
            }
            continue
        role = roles.get(name, name)
        assert role in ROLES
        assert service == {
            "environment": {
                "DOPPEL_REDIS_URL": f"redis://{role}@redis:6379/0",
                "DOPPEL_REDIS_PASSWORD_FILE": "/run/redis-password",
            },
            "volumes": [f"./redis-users/{role}.password:/run/redis-password:ro"],
        }
