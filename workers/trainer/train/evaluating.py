"""Measures a trained profile on labelled data, without fitting anything."""

from dataclasses import dataclass
from pathlib import Path

from shared.errors import ArtifactError
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.embedding import Embeddings
from workers.trainer.report.findings import Findings
from workers.trainer.report.report import write_report
from workers.trainer.train.embedding_files import load_embeddings
from workers.trainer.train.encoding import EncodeBy
from workers.trainer.train.facts import data_facts, model_facts, viewer
from workers.trainer.train.measuring import Held, measure_all
from workers.trainer.train.opening import Opened, Say, open_profile
from workers.trainer.train.parts import split_benchmark
from workers.trainer.train.profile_folder import (
    CLASSIFIER,
    EMBEDDINGS,
    MANIFEST,
    PROFILE,
    check_files,
    read_manifest,
)
from workers.trainer.train.source import Source
from workers.trainer.train.threshold import Rule


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What to measure on what; `artifacts` is the folder of a profile, `out` that of the report."""

    data: LabelledCatalog | PairBenchmark
    artifacts: Path
    out: Path
    seed: int
    k: int
    cache: Path
    encode_by: EncodeBy = EncodeBy.HERE


def evaluate(asked: Evaluation, say: Say) -> Findings:
    """Measure the classifier as it is, with its thresholds; of a benchmark on its test split.

    Raises:
        ArtifactError: the folder holds no profile, no classifier for its models, or altered files.
    """
    if not (asked.artifacts / PROFILE).is_file():
        raise ArtifactError(f"{asked.artifacts} holds no {PROFILE}: name the folder of one profile")
    if (asked.artifacts / MANIFEST).is_file():
        check_files(asked.artifacts, read_manifest(asked.artifacts))
    opened = open_profile(str(asked.artifacts / PROFILE), asked.data, asked.cache, asked.encode_by, say)
    if opened.shipped is None:
        raise ArtifactError(f"{asked.artifacts / CLASSIFIER} is missing, or was made for other models")
    say("measuring")
    source = Source(asked.data, opened.embeddings, opened.background, asked.k)
    parts = split_benchmark(asked.data) if isinstance(asked.data, PairBenchmark) else None
    models = opened.shipped.regressions.get(source.settings[0], {})
    measures = measure_all(source, models, Held(parts, Rule(), frozenset(), asked.seed))
    findings = Findings(
        title=f"{opened.profile.name} on {asked.data.name}",
        data=data_facts(asked.data, opened.embeddings),
        model=model_facts(opened, {"candidates per channel": str(asked.k)}),
        retrieval=measures.retrieval,
        pairs=measures.rows,
        judged=measures.judged,
        thresholds={situation: model.threshold for situation, model in models.items()},
        catalog=measures.catalog,
        view=viewer(asked.data),
        notes=_notes(asked, opened),
    )
    write_report(asked.out, findings)
    return findings


def _notes(asked: Evaluation, opened: Opened) -> tuple[str, ...]:
    # A benchmark is measured on its test split, which no training sees.
    folder = asked.artifacts / EMBEDDINGS
    if isinstance(asked.data, PairBenchmark) or not folder.is_dir():
        return ()
    trained = set(_contents(load_embeddings(folder)))
    seen = sum(content in trained for content in _contents(opened.embeddings))
    if not seen:
        return ()
    note = f"{opened.profile.name} was trained on {seen:,} of these {len(asked.data.listings):,} listings"
    return (f"{note}: figures are too good. Those of held-out listings are in its own report.",)


def _contents(embeddings: Embeddings) -> list[tuple[bytes | None, bytes | None]]:
    """Return what each listing shows and says, as its vectors tell."""
    images, texts = embeddings.vectors["image"], embeddings.vectors["text"]
    return [(images.get(listing), texts.get(listing)) for listing in sorted(images.keys() | texts.keys())]
