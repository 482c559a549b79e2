"""The chain set: small true groups, neighbours that look alike, ends that do not."""

from collections import Counter, defaultdict
from pathlib import Path

from samples import chains, write_catalog
from samples.plan import Plan


def lines(listings: int, seed: int) -> dict[str, list[list[Plan]]]:
    """Return listings by line and, within it, by product in the order of the chain."""
    products: dict[tuple[str, int], list[Plan]] = defaultdict(list)
    for entry in chains.plan(listings, seed):
        line, step = entry.product.id.rsplit("-", 1)
        products[line, int(step)].append(entry)
    found: dict[str, list[list[Plan]]] = defaultdict(list)
    for (line, _), entries in sorted(products.items()):
        found[line].append(entries)
    return found


def test_same_seed_same_plan_and_small_groups() -> None:
    plans = list(chains.plan(1000, 5))
    assert plans == list(chains.plan(1000, 5))
    assert plans != list(chains.plan(1000, 6))
    assert len({entry.id for entry in plans}) == 1000
    assert max(Counter(entry.product.id for entry in plans).values()) == chains.MOST_LISTINGS


def test_neighbours_share_words_that_the_ends_do_not() -> None:
    sliding = [line for line in lines(600, 5).values() if line[0][0].product.axis == "name"]
    assert len(sliding) >= 3
    for line in sliding:
        names = [set(entries[0].product.line.name.split()) for entries in line]
        assert all(names[i] & names[i + 1] for i in range(len(names) - 1))
        assert not names[0] & names[-1]


def test_a_few_titles_fit_every_product_of_a_line_of_numbers() -> None:
    counting = [line for line in lines(1000, 5).values() if line[0][0].product.axis == "model"]
    stated = Counter("model" in entry.stated for line in counting for group in line for entry in group)
    assert 0 < stated[False] < 0.15 * stated[True]
    shots = [{entry.same_photo for group in line for entry in group if entry.shot} for line in counting]
    assert all(len(shown) == 1 for shown in shots)


def test_a_catalog_can_be_written(tmp_path: Path) -> None:
    summary = write_catalog(tmp_path, listings=12, seed=5, planner=chains.plan)
    assert summary.listings == 12
    assert summary.images == len(list((tmp_path / "images").glob("*.jpg"))) > 0
