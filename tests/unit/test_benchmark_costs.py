"""What the benchmarks make of CPU-seconds: every second in one place, ratios within a round."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.encoders.cost import Cost, advantage, rates, session_cpu_s, take_turns
from benchmarks.encoders.environment import PeerUnavailable, interpreter
from benchmarks.encoders.goods import Goods
from benchmarks.encoders.stages import overhead, stage_table

SPENT = {
    "redis": 1.0, "gateway": 2.0, "index": 3.0, "encoder": 14.0,
    "encoder.decode": 2.0, "encoder.prepare_image": 1.0, "encoder.forward_image": 7.0,
    "encoder.forward_text": 3.0,
}  # fmt: skip


def test_each_cpu_second_is_in_one_stage() -> None:
    table = stage_table(SPENT, 10)
    assert sum(table.values()) == pytest.approx(2000)
    assert (table["encoder.other"], "encoder" in table) == (100, False)


def test_overhead_is_what_neither_decodes_nor_computes() -> None:
    assert overhead(stage_table(SPENT, 10)) == {
        "overhead_fraction": 0.4,
        "overhead_fraction_beside_prepare": 0.35,
    }


def test_rounds_are_begun_in_turn() -> None:
    asked: list[str] = []

    def run(name: str) -> Cost:
        asked.append(name)
        return Cost(1, 1)

    costs = take_turns(3, {"a": lambda: run("a"), "b": lambda: run("b")})
    assert asked == ["a", "b", "b", "a", "a", "b"]
    assert [len(spent) for spent in costs.values()] == [3, 3]


def test_ratios_are_made_within_a_round() -> None:
    ours, theirs = [Cost(1, 1), Cost(10, 1), Cost(2, 1)], [Cost(2, 1), Cost(30, 1), Cost(2, 1)]
    assert advantage(ours, theirs) == {"": 2.0, "_lowest": 1.0, "_highest": 3.0}
    assert rates(20, ours)["per_cpu_s"] == 10


def test_a_process_is_counted_with_its_children_also_with_those_that_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    child = f"subprocess.run([sys.executable, '-c', {burn!r}])"
    script = f"import subprocess, sys\n{child}\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        parent.stdout.readline()
        assert session_cpu_s(parent.pid) >= 0.2
        parent.communicate(b"\n")


def test_parts_of_the_goods_share_no_photo() -> None:
    goods = Goods(tuple(Path(f"{i}.jpg") for i in range(7)), tuple(map(str, range(7))))
    photos = [photo for part in goods.parts(3) for photo in part.photos]
    assert sorted(photos) == sorted(goods.photos)


def test_what_cannot_be_installed_is_unavailable_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with pytest.raises(PeerUnavailable, match="uv pip install"):
            interpreter("none", [str(tmp_path / "no-such-package.whl")])
