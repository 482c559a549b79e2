"""The page that says what a soak did and saw."""

from pathlib import Path
from typing import Any, Final

from tests.soak.soak import JUDGED_FROM_MINUTES

_INTRO: Final = """\
# Soak

`make soak` runs a stack with the deterministic encoder for {minutes:g} minutes under load and trouble,
keeps books of every listing, and watches what each process holds. It ends with an error if anything was
lost, came twice, or grew.

* Load: six customers, each with a catalog at a time, submit 50 to 500 listings and wait for the job's
  end; at 1,500 listings they go on to a new catalog. Together {per_s:g} listings a second, a fifth of
  them with a picture; 8 % are updates of listings that are there, 5 % twins of others, 1.5 % cannot be
  taken. Customers repeat what got no answer, at either gateway, with the same `Idempotency-Key`; one in
  seven submissions is sent again for no reason. Some jobs are cancelled; every four seconds two listings
  are compared.
* Trouble, every {every:g} s on average: `kill -9` of a process, Redis included; or what a process tells
  Redis, or is told, is lost for 1.5 s, cut in half, delayed, or its connections are reset. In the first
  {early:.0f} % of the time the index worker is killed, too, and 2 listings of a thousand kill every
  encoder that decodes them (three starts of an encoder each).
* Spared by all kills: a second gateway, reconciler, encoder and interactive encoder; not spared is what
  goes wrong between them and Redis. In the second half nothing kills the index worker either, nor the
  children of the spared encoders: a line through that half shows whether they grow.
* Books: every job ends; its rows are its listings and its rejections, which are exactly those that were
  sent broken, with their codes; all twins are found; no pair is told twice, no listing is in two groups;
  no job of a client is missing, no job is nobody's. At the end every catalog's file holds every id once;
  {compared} jobs, submitted again without trouble, give the same outcome to the byte; and when the last
  job has expired, ledger and spool are empty.
"""


_FLAT: Final = """\
The second half, by a line through all samples (the median of the slopes of all pairs). Flat is what rose no
more than allowed, or only to what it had had before: in a tenth of the first half. Redis's memory
is told without the answers to comparisons, 6.5 kB each, which it keeps for an hour.
"""
_TREND: Final = ("who", "what", "at half-time", "rise until the end", "per hour", "allowed", "before", "flat")


def page(report: dict[str, Any], plot: Path | None) -> str:
    """Return the page, as Markdown. `plot` is shown where it is given; it lies beside the page."""
    plan, figures = report["plan"], report["figures"]
    said = [(name.replace("_", " "), _said(value)) for name, value in figures.items()]
    parts = [
        _INTRO.format(
            minutes=plan["minutes"],
            per_s=plan["per_s"],
            every=plan["trouble_every_s"],
            early=report["early_share"] * 100,
            compared=figures["jobs_compared_with_quiet_run"],
        ),
        "## The last run\n",
        _verdict(report),
        _table(("what", "figure"), said),
    ]
    if plot is not None:
        parts.append(f"![What was sampled]({plot.name})\n")
    trends = [
        (
            trend["who"],
            trend["what"].replace("_mb", ", MB"),
            *(
                f"{trend['level']:g} {trend['rise']:+g} {trend['per_hour']:+g} "
                f"{trend['most']:g} {trend['before']:g}".split()
            ),
            "yes" if trend["flat"] else "NO",
        )
        for trend in report["trends"]
    ]
    killed = [(name, f"{a:g}", f"{b:g}") for name, (a, b) in sorted(report["peaks_mb"].items())]
    parts += [
        _FLAT,
        _table(_TREND, trends),
        "The most memory that a process of each name had, in MB; those killed may have 15 % more late:\n",
        _table(("process", "first half", "second half"), killed),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _verdict(report: dict[str, Any]) -> str:
    wrong = report["wrong"] + (report["not_flat"] if report["flatness_judged"] else [])
    told = "**It held**: nothing was lost, nothing came twice" if not wrong else "**It did not hold.**"
    if not wrong:
        told += ", nothing grew." if report["flatness_judged"] else "."
    lines = [told, "", *(f"* {what}" for what in wrong[:50])]
    if not report["flatness_judged"]:
        lines += [f"Shorter than {JUDGED_FROM_MINUTES} minutes: growth is told, not judged.", ""]
        lines += [f"* {what}" for what in report["not_flat"]]
    return "\n".join(lines).rstrip("\n") + "\n"


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"
    return f"{value:,}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
