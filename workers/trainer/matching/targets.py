"""What the figures of `make eval` should reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Target:
    """A figure has to be at least, at most or above a number, or so many times another figure."""

    figure: str
    sign: Literal[">=", "<=", ">"]
    limit: float | str
    times: float = 1.0

    def text(self) -> str:
        """Return the target as people read it."""
        times = f"{self.times:g} x " if self.times != 1 else ""
        return f"{self.sign} {times}{self.limit}"

    def met(self, figures: Mapping[str, float]) -> bool | None:
        """Say whether the figures meet it, None if they do not say."""
        limit = figures.get(self.limit) if isinstance(self.limit, str) else self.limit
        value = figures.get(self.figure)
        if value is None or limit is None:
            return None
        bound = self.times * limit
        return {">=": value >= bound, "<=": value <= bound, ">": value > bound}[self.sign]


TARGETS: Final = (
    Target("abt_buy_f1", ">=", 0.91),
    Target("abt_buy_price_f1", ">=", 0.92),
    Target("amazon_google_f1", ">=", 0.74),
    Target("amazon_google_price_f1", ">=", 0.77),
    Target("abt_buy_default_f1", ">=", "abt_buy_f1", 0.85),
    Target("amazon_google_default_f1", ">=", "amazon_google_f1", 0.85),
    Target("abt_buy_recall_at_10", ">=", 0.997),
    Target("amazon_google_recall_at_10", ">=", 0.985),
    Target("sample10k_b3_precision", ">=", 0.95),
    Target("sample10k_b3_recall", ">=", 0.85),
    Target("sample10k_largest_group", "<=", "sample10k_largest_true_group", 2),
    Target("sample10k_same_in_any_order", ">=", 1),
    Target("same_photo_called_duplicate", "<=", 0.10),
    Target("same_photo_called_variant", ">=", 0.80),
    Target("chains_same_in_any_order", ">=", 1),
    Target("chains_b3_precision", ">=", 0.95),
    Target("chains_b3_recall", ">=", 0.85),
    Target("chains_largest_group", "<=", "chains_largest_true_group", 2),
    Target("grocery_hit1_union", ">", "grocery_hit1_image"),
    Target("grocery_hit1_union", ">", "grocery_hit1_text"),
    Target("grocery_hit1_head", ">", "grocery_hit1_union"),
    Target("grocery_row_f1_union", ">", "grocery_row_f1_image"),
    Target("grocery_row_f1_union", ">", "grocery_row_f1_text"),
    Target("trained_random_roc_auc", ">=", 0.99),
    Target("trained_retrieved_pr_auc", ">", "notebook_retrieved_pr_auc"),
    Target("trained_retrieved_f1", ">", "notebook_retrieved_f1"),
    Target("trained_retrieved_f1", ">=", 0.85),
    Target("notebook_stack_loads", ">=", 1),
)
