"""A network that loses, delays and breaks what travels between a process and Redis."""

from threading import Timer

from tests.faults.bench import ENCODING, INGESTING, Bench, Moment
from tests.faults.case import SAME, Act, case


def lossy(name: str, moment: Moment, *, up: bool) -> Act:
    """What one process sends, or what it is told, is lost for 2 s; then its connections are reset."""

    def act(bench: Bench) -> None:
        job, proxy = bench.submit(), bench.proxies[name]
        bench.strike_at(job, moment)
        if up:
            proxy.drop_up = True
        else:
            proxy.drop_down = True
        bench.hold(2)
        proxy.heal()
        bench.holds(job)

    return act


def cut(name: str, moment: Moment) -> Act:
    """Half a command arrives, then a reset; four times."""

    def act(bench: Bench) -> None:
        job, proxy = bench.submit(), bench.proxies[name]
        bench.strike_at(job, moment)
        for _ in range(4):
            proxy.cut_next = True
            bench.hold(0.7)
        proxy.heal()
        bench.holds(job)

    return act


for _name, _moment in (("encoder", ENCODING), ("index", INGESTING)):
    for _up in (False, True):
        _act = lossy(_name, _moment, up=_up)
        _act.__name__ = f"{_name}_{'requests' if _up else 'replies'}_lost"
        _what = "commands and acknowledgements" if _up else "replies"
        _fast = _name == "encoder" and not _up
        case(f"{_what} of the {_name} are lost for 2 s, then reset", slow=not _fast)(_act)
    _act = cut(_name, _moment)
    _act.__name__ = f"{_name}_reset_in_command"
    case(f"a reset after half a command of the {_name}, four times", slow=True)(_act)


@case("the encoder's connections go silent for 30 s, until the kernel gives them up", slow=True, bound_s=180)
def encoder_half_open(bench: Bench) -> None:
    job, proxy = bench.submit(), bench.proxies["encoder"]
    bench.strike_at(job, ENCODING)
    proxy.half_open()
    bench.hold(30)
    proxy.reset()
    bench.holds(job)


@case("every packet of the encoder takes 5 s for 15 s", slow=True)
def encoder_delayed(bench: Bench) -> None:
    job, proxy = bench.submit(), bench.proxies["encoder"]
    bench.strike_at(job, ENCODING)
    proxy.delay_s = 5
    bench.hold(15)
    proxy.heal()
    bench.holds(job)


_ONE_JOB = "the client repeats with its key: one job, " + SAME


def gateway_fault(name: str, value: object) -> Act:
    def act(bench: Bench) -> None:
        proxy = bench.proxies["gateway"]
        bench.struck()
        setattr(proxy, name, value)
        done: list[str] = []
        timer = Timer(4, proxy.heal)
        timer.start()
        done.append(bench.insist(key="lost"))
        timer.join()
        bench.holds(done[0])
        found = bench.shop.http.get("/api/jobs").json()["items"]
        catalog = (bench.job(done[0]) or {})["catalog"]
        live = [job["id"] for job in found if job["catalog"] == catalog and job["status"] != "failed"]
        assert live == done

    return act


for _field, _value, _label, _what in (
    ("drop_down", True, "gateway_replies_lost", "what Redis tells the gateway is lost for 4 s"),
    ("drop_up", True, "gateway_requests_lost", "what the gateway tells Redis is lost for 4 s"),
    ("delay_s", 5.0, "gateway_delayed", "every packet of the gateway takes 5 s for 4 s"),
):
    _act = gateway_fault(_field, _value)
    _act.__name__ = _label
    case(f"{_what}, during an upload", _ONE_JOB, slow=True)(_act)
