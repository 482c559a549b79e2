"""Items that cost alike go through a model together, and none pays much for a costlier one."""

from hypothesis import given
from hypothesis import strategies as st

from workers.encoder.batch_encoder import batches

COSTS = st.lists(st.integers(1, 200), max_size=80)


def padded(costs: list[int], made: list[list[int]], call_cost: int) -> int:
    """Return what the batches cost, each item as much as the largest of its batch, and each call."""
    return sum(len(batch) * max(costs[place] for place in batch) + call_cost for batch in made)


@given(COSTS, st.integers(1, 9), st.integers(0, 50))
def test_every_item_is_in_one_batch_of_at_most_so_many(costs: list[int], most: int, call_cost: int) -> None:
    made = list(batches(costs, most, call_cost))
    assert sorted(place for batch in made for place in batch) == list(range(len(costs)))
    assert all(1 <= len(batch) <= most for batch in made)


@given(COSTS, st.integers(1, 50))
def test_without_a_bound_it_never_costs_more_than_each_alone(costs: list[int], call_cost: int) -> None:
    made = list(batches(costs, 1000, call_cost))
    alone = [[place] for place in range(len(costs))]
    assert padded(costs, made, call_cost) <= padded(costs, alone, call_cost)


def test_a_batch_ends_where_padding_would_cost_more_than_a_call() -> None:
    costs = [5, 40, 5, 6, 41, 5]
    assert list(batches(costs, 16, 13)) == [[0, 2, 5, 3], [1, 4]]
    assert list(batches(costs, 16, 1000)) == [[0, 2, 5, 3, 1, 4]]
    assert list(batches(costs, 16, 0)) == [[0, 2, 5], [3], [1], [4]]
