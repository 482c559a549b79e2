"""Command line: ``python -m workers.trainer.train train | evaluate | rethreshold``."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from shared.errors import DoppelError
from workers.memory import keep_freed_memory
from workers.trainer.datasets.mapping import Columns
from workers.trainer.datasets.opening import Layout, open_dataset
from workers.trainer.train.encoding import EncodeBy
from workers.trainer.train.evaluating import Evaluation
from workers.trainer.train.evaluating import evaluate as run_evaluation
from workers.trainer.train.lines import change_lines, finding_lines
from workers.trainer.train.parts import SplitBy
from workers.trainer.train.profile_folder import REPORT
from workers.trainer.train.rethreshold import rethreshold as choose_again
from workers.trainer.train.threshold import BadRule, Rule, read_rule
from workers.trainer.train.training import Request
from workers.trainer.train.training import train as run_training

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doppel" / "embeddings"
K: Final = 10

Dataset = Annotated[Layout, typer.Option("--dataset", help="how the data lies on disk")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="folder of the data, or a .csv file")]
Cache = Annotated[Path, typer.Option(help="folder that keeps embeddings for the next time")]
EncodersAt = Annotated[
    EncodeBy, typer.Option("--encoders", help="encode in this process, or by the running stack's encoders")
]
Seed = Annotated[int, typer.Option(help="source of all randomness")]
Candidates = Annotated[int, typer.Option("--k", min=1, max=100, help="candidates per listing and channel")]
IdColumn = Annotated[str | None, typer.Option(help="column of the ids")]
TitleColumn = Annotated[list[str] | None, typer.Option(help="column of the titles; several are joined")]
ImageColumn = Annotated[str | None, typer.Option(help="column of the photos' file names")]
GroupColumn = Annotated[str | None, typer.Option(help="column of the group labels")]
ImagesDir = Annotated[Path | None, typer.Option(help="folder of the photos, seen from the table")]


def say(line: str) -> None:
    """Print a line at once, also into a file."""
    typer.echo(line)
    sys.stdout.flush()


@app.command()
def train(
    folder: Folder,
    dataset: Dataset = Layout.SHOPEE,
    out: Annotated[Path, typer.Option(help="folder of profiles to write into")] = Path("trained"),
    name: Annotated[
        str | None, typer.Option(help="name of the new profile; default: PROFILE-DATASET")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="profile whose models encode, or a path to its manifest")
    ] = "bundled",
    split: Annotated[
        SplitBy, typer.Option(help="hold out whole groups, or pairs one by one")
    ] = SplitBy.GROUP,
    seed: Seed = 42,
    threshold: Annotated[
        str, typer.Option(metavar="RULE", help="f1, precision=0.95 or cost=WRONG:MISSED")
    ] = "f1",
    k: Candidates = K,
    cache: Cache = CACHE,
    encoders: EncodersAt = EncodeBy.HERE,
    id_column: IdColumn = None,
    title_column: TitleColumn = None,
    image_column: ImageColumn = None,
    group_column: GroupColumn = None,
    images_dir: ImagesDir = None,
) -> None:
    """Fit a classifier to labelled listings, and write a profile that a stack loads."""
    keep_freed_memory()
    rule = read_rule(threshold)
    columns = Columns(id_column, tuple(title_column or ()), image_column, group_column, images_dir)
    data = open_dataset(dataset, folder, columns)
    base = Path(profile).parent.name if profile.endswith(".json") else profile
    target = out / (name or f"{base}-{dataset}")
    findings = run_training(Request(data, target, profile, split, seed, rule, k, cache, encoders), say)
    for line in finding_lines(findings):
        say(line)
    say(f"wrote {target}; look at {target / REPORT / 'index.html'}")
    say(
        f"a stack with it: DOPPEL_PROFILE={target.name} DOPPEL_ARTIFACTS_DIR={out.resolve()} "
        f"DOPPEL_CLASSIFIERS_DIR={out.resolve()} make up"
    )


@app.command()
def evaluate(
    folder: Folder,
    artifacts: Annotated[Path, typer.Option(help="folder of one profile")],
    dataset: Dataset = Layout.SHOPEE,
    out: Annotated[Path, typer.Option(help="folder for the report")] = Path("reports/evaluation"),
    seed: Seed = 42,
    k: Candidates = K,
    cache: Cache = CACHE,
    encoders: EncodersAt = EncodeBy.HERE,
    id_column: IdColumn = None,
    title_column: TitleColumn = None,
    image_column: ImageColumn = None,
    group_column: GroupColumn = None,
    images_dir: ImagesDir = None,
) -> None:
    """Measure a profile on labelled listings; nothing is fitted."""
    keep_freed_memory()
    columns = Columns(id_column, tuple(title_column or ()), image_column, group_column, images_dir)
    data = open_dataset(dataset, folder, columns)
    asked = Evaluation(data, artifacts, out, seed, k, cache, encoders)
    for line in finding_lines(run_evaluation(asked, say)):
        say(line)
    say(f"look at {out / 'index.html'}")


@app.command()
def rethreshold(
    artifacts: Annotated[Path, typer.Argument(help="folder of a trained profile")],
    precision: Annotated[float | None, typer.Option(min=0, max=1, help="least precision wanted")] = None,
    f1: Annotated[bool, typer.Option("--f1", help="best F1")] = False,
    cost: Annotated[str | None, typer.Option(metavar="WRONG:MISSED", help="least cost of mistakes")] = None,
) -> None:
    """Choose other thresholds from held-out pairs; nothing is encoded."""
    wanted = [Rule()] if f1 else []
    wanted += [read_rule(f"precision={precision}")] if precision is not None else []
    wanted += [read_rule(f"cost={cost}")] if cost is not None else []
    if len(wanted) != 1:
        raise BadRule("say one of --precision 0.95, --f1, --cost 5:1")
    for line in change_lines(choose_again(artifacts, wanted[0])):
        say(line)
    say(f"wrote {artifacts}; restart the index worker to use it")


def main() -> None:
    """Run a command; what a person can mend is one line on stderr, never a traceback."""
    try:
        app()
    except (DoppelError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
