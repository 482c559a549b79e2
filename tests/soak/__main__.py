"""`python -m tests.soak`: soak a stack, write what was seen; status 1 if anything was lost, twice or grew."""

import argparse
import json
import sys
from pathlib import Path

from tests.soak.page import page
from tests.soak.soak import Plan, Soak, judged

# What thirty minutes have to see.
_LEAST_PER_MINUTE = 50_000 / 30


def main() -> int:
    """Parse, soak, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=60, help="listings submitted per second")
    parser.add_argument(
        "--trouble-every", type=float, default=6, help="seconds between two troubles on average"
    )
    parser.add_argument("--sample-every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--seed", type=int, default=1, help="of what goes wrong when")
    parser.add_argument("--report", type=Path, default=Path("reports/soak.json"))
    parser.add_argument("--plot", type=Path, help="draw what was sampled, as PNG")
    parser.add_argument("--page", type=Path, help="write the figures, as Markdown")
    parser.add_argument("--redraw", action="store_true", help="only draw and write from an earlier report")
    args = parser.parse_args()
    if not args.redraw:
        plan = Plan(
            args.minutes, args.per_second, args.trouble_every, args.sample_every,
            int(args.minutes * _LEAST_PER_MINUTE), args.seed,
        )  # fmt: skip
        args.report.parent.mkdir(parents=True, exist_ok=True)
        args.report.write_text(json.dumps(Soak(plan).run()) + "\n", encoding="utf-8")
    report = judged(json.loads(args.report.read_text(encoding="utf-8")))
    if args.plot:
        from tests.soak.plot import draw

        draw(report, args.plot)
    text = page(report, args.plot)
    if args.page:
        args.page.write_text(text, encoding="utf-8")
    print(text)
    return 0 if report["held"] else 1


if __name__ == "__main__":
    sys.exit(main())
