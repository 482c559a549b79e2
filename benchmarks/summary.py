"""The main figures of all benchmarks in one place: `reports/bench.json`, `machine.json` and `bench.png`.

`python -m benchmarks.summary [--page docs/benchmarks.md]` reads the reports that are there, one per
benchmark, and sets the page's table anew.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.bench_plot import draw
from benchmarks.machine import machine
from benchmarks.report import REPORTS

_START: Final = "<!-- figures -->"
_END: Final = "<!-- /figures -->"


class Main(NamedTuple):
    """A main figure: its name, the report and the figure in it, and what it is."""

    name: str
    report: str
    figure: str
    what: str


_MAIN: Final = (
    Main("products_per_cpu_s", "products", "doppel.per_cpu_s", "products per CPU-second, HTTP to end of job"),
    Main("products_per_s", "products", "doppel.per_s", "the same per second on the wall, one encoder thread"),
    Main("loop_products_per_cpu_s", "products", "loop.per_cpu_s", "the same, plain loop of a notebook"),
    Main("infinity_products_per_cpu_s", "products", "infinity.per_cpu_s", "the same, infinity over HTTP"),
    Main("vs_loop", "products", "vs_loop", "CPU-seconds of the loop over ours"),
    Main("vs_infinity", "products", "vs_infinity", "CPU-seconds of infinity over ours"),
    Main("overhead_fraction", "products", "overhead_fraction", "share that is no decoding, no forward pass"),
    Main(
        "overhead_fraction_beside_prepare",
        "products",
        "overhead_fraction_beside_prepare",
        "the same without resizing and normalising images",
    ),
    Main("images_per_cpu_s", "images", "bundled.per_cpu_s", "images per CPU-second, profile `bundled`"),
    Main("imagededup_images_per_cpu_s", "images", "imagededup.per_cpu_s", "the same, imagededup's CNN"),
    Main("vs_imagededup", "images", "vs_imagededup", "CPU-seconds of imagededup over ours"),
    Main(
        "hit_at_1_change",
        "quality",
        "hit_at_1_change",
        "image hit@1, default backend beside float32 of torch",
    ),
    Main(
        "recall_at_10_change", "quality", "recall_at_10_change", "known matches among ten by title, the same"
    ),
    Main("f1_change", "quality", "f1_change", "F1 on public product pairs, the same"),
    Main("two_encoders_vs_one", "two_encoders", "two_encoders_vs_one", "times as fast with a second encoder"),
    Main("resubmit_speedup", "resubmit", "resubmit_speedup", "CPU-seconds of a catalog over its repetition"),
    Main("listings_per_cpu_s", "upload", "listings_per_cpu_s", "listings per CPU-second of the gateway"),
    Main("gateway_rss_growth_mb", "upload", "gateway_rss_growth_mb", "memory it grew by in that upload, MB"),
    Main(
        "gateway_rss_growth_of_more_mb",
        "upload",
        "gateway_rss_growth_of_more_mb",
        "memory it grew by in six uploads more, MB",
    ),
    Main("polls_per_cpu_s", "polls", "polls_per_cpu_s", "polls of 2,000 pollers per CPU-second, half 304"),
    Main("polls_200_per_cpu_s", "polls", "polls_200_per_cpu_s", "the same, all answered with the job (200)"),
    Main("polls_304_per_cpu_s", "polls", "polls_304_per_cpu_s", "the same, all unchanged (304)"),
    Main(
        "polls_rss_growth_mb", "polls", "gateway_rss_growth_mb", "memory that the gateway grew by in them, MB"
    ),
    Main("gateway_peak_rss_mb", "upload", "gateway_peak_rss_mb", "memory of the gateway in that upload, MB"),
    Main("cancel_to_rest_s", "upload", "cancel_to_rest_s", "seconds from cancelling to rest"),
    Main("gateway_start_s", "gateway_start", "ready_s_median", "gateway from start to ready, s"),
    Main("gateway_rss_mb", "gateway_start", "rss_mb", "memory of a gateway after its start, MB"),
    Main("catalog_open_s", "catalog_open", "open_s", "catalog of 50,000 listings opened, s"),
    Main(
        "self_join_recall", "self_join", "recall", "pairs of 100,000 listings found, share of `faiss.knn`'s"
    ),
    Main("self_join_vs_exact", "self_join", "vs_exact", "CPU-seconds of that, filling included, over exact"),
    Main("lexical_recall", "lexical_recall", "recall_at_10", "ten nearest titles found by a bounded search"),
    Main("group_cpu_s", "grouping", "group_cpu_s", "groups of a catalog with three pairs a listing, CPU s"),
    Main("group_mb", "grouping", "group_mb", "memory that making them takes, MB"),
    Main("million_ingest_cpu_s", "index_scale", "million_ingest_cpu_s", "a million listings taken in, CPU s"),
    Main("million_open_s", "index_scale", "million_open_s", "their catalog from cold to its first answer, s"),
    Main("million_search_p50_ms", "index_scale", "million_search_p50_ms", "a search among them, median, ms"),
    Main("million_search_p95_ms", "index_scale", "million_search_p95_ms", "95th percentile of that, ms"),
    Main("million_search_cpu_p95_ms", "index_scale", "million_search_cpu_p95_ms", "its CPU time, ms"),
    Main("million_peak_rss_mb", "index_scale", "million_peak_rss_mb", "most memory in all of that, MB"),
    Main("million_recall_image", "index_scale", "million_recall_image_at_10", "ten nearest images found"),
    Main(
        "million_recall_text", "index_scale", "million_recall_text_at_10", "ten nearest title vectors found"
    ),
    Main(
        "growth_exponent",
        "index_scale",
        "growth_exponent",
        "matching a whole catalog: listings to this power",
    ),
    Main(
        "search_growth_exponent",
        "index_scale",
        "search_growth_exponent",
        "one search: listings to this power",
    ),
    *(
        Main(f"interactive_{kind}_{figure}", "interactive", f"{kind}_{figure}", what.format(call=f"`{kind}`"))
        for kind in ("dedup", "search")
        for figure, what in (
            ("idle_p50_ms", "{call} call, one client, nothing else going on: median, ms"),
            ("idle_p95_ms", "the same, 95th percentile, ms"),
            ("load_p95_ms", "the same while a submission goes through all of its stages, ms"),
            ("load_margin", "three times the idle median and 100 ms, over that (1: it holds)"),
        )
    ),
    Main("photos_hit_at_1", "photos", "hit_at_1_bundled", "photos: the nearest shows the same product"),
)
_WITH_STAGES: Final = ("products", "images")


def main() -> None:
    """Read the reports, write the three files and, where told, the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--page", type=Path, help="page whose table is set anew")
    page: Path | None = parser.parse_args().page
    reports = {name: _read(name) for name in {main.report for main in _MAIN}}
    shown = [main for main in _MAIN if main.figure in reports[main.report]]
    figures = {main.name: reports[main.report][main.figure] for main in shown}
    figures |= {f"{name}.{stage}": ms for name in _WITH_STAGES for stage, ms in _stages(reports[name])}
    for name, content in (("bench", figures), ("machine", machine())):
        (REPORTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    draw(reports, REPORTS / "bench.png")
    if page is not None:
        text = page.read_text()
        start, end = text.index(_START) + len(_START), text.index(_END)
        page.write_text(f"{text[:start]}\n{_tables(reports, shown)}\n{text[end:]}")
    print(f"{len(figures)} figures in {REPORTS / 'bench.json'}, drawn in {REPORTS / 'bench.png'}")


def _stages(report: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the stages of a report's table and their CPU-milliseconds."""
    yield from ((figure, value) for figure, value in report.items() if figure.startswith("ms."))


def _read(name: str) -> dict[str, Any]:
    path = REPORTS / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def _counts(told: int | list[int]) -> str:
    """Return one size, or several."""
    return " ".join(f"{count:,}" for count in (told if isinstance(told, list) else [told]))


def _tables(reports: dict[str, dict[str, Any]], shown: list[Main]) -> str:
    seen = machine()
    sizes = [
        f"`{name}` {_counts(report[unit])} {unit}"
        for name, report in reports.items()
        for unit in ("products", "images", "photos", "listings")
        if unit in report
    ]
    lines = [
        (
            f"Per round: {', '.join(sorted(sizes))}. {seen['cores']} cores ({seen['processor']}: "
            f"{', '.join(seen['instructions'])}), "
            f"torch {seen['torch']}, {seen['date']}, load average {seen['load_average_15min']} over the last "
            f"15 minutes{': **a busy machine**, whose wall times say little' if seen['busy'] else ''}."
        ),
        "",
        "| figure | | lowest – highest | what |",
        "|---|---:|---|---|",
    ]
    for main in shown:
        report = reports[main.report]
        span = _range(report, main.figure)
        lines.append(f"| `{main.name}` | {report[main.figure]:g} | {span} | {main.what} |")
    for name in _WITH_STAGES:
        table = sorted(_stages(reports[name]), key=lambda part: -part[1])
        total = sum(value for _, value in table)
        if table:
            lines += ["", f"CPU-milliseconds per item, `{name}`: {total:.1f}", "", "| stage | ms | share |"]
            lines += ["|---|---:|---:|"]
            lines += [f"| {s.removeprefix('ms.')} | {v:.2f} | {v / total:.1%} |" for s, v in table]
    return "\n".join(lines)


def _range(report: dict[str, Any], figure: str) -> str:
    """Return the lowest and the highest of the rounds, nothing where the report tells none."""
    low, high = f"{figure}_lowest", f"{figure}_highest"
    if figure.endswith(".per_cpu_s"):
        who = figure.removesuffix(".per_cpu_s")
        low, high = f"{who}.lowest", f"{who}.highest"
    return f"{report[low]:g} – {report[high]:g}" if low in report else ""


if __name__ == "__main__":
    main()
