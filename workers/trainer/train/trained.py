"""What came of a training: a classifier, and the folder that a stack loads."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from workers.index.classifier import Classifier
from workers.index.features import SITUATIONS
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.report.findings import Findings
from workers.trainer.report.report import document_of, write_report
from workers.trainer.train.embedding_files import save_embeddings
from workers.trainer.train.fitting import Fitted, Models
from workers.trainer.train.held_out import HeldOut
from workers.trainer.train.opening import Opened
from workers.trainer.train.profile_folder import (
    CLASSIFIER,
    EMBEDDINGS,
    HELD_OUT,
    REPORT,
    finish_folder,
    start_folder,
)


@dataclass(frozen=True, slots=True)
class Trained:
    """The models of a classifier: for pairs of a catalog, and for pairs alone."""

    situations: Models
    alone: Models


def complete(fitted: Fitted, opened: Opened) -> tuple[Trained, list[str]]:
    """Take over from the shipped classifier what the data cannot teach; return notes about it, too."""
    parts: dict[bool, Models] = {}
    for alone in (False, True):
        merged: Models = {}
        if opened.shipped is not None:
            merged |= opened.shipped.alone if alone else opened.shipped.situations
        merged |= fitted.of(alone)
        parts[alone] = {situation: merged[situation] for situation in SITUATIONS if situation in merged}
    notes = []
    for situation, reason in fitted.lacking.items():
        taken = "taken over from the shipped classifier" if situation in parts[False] else "not calibrated"
        notes.append(f"{situation}: {taken}, as there are {reason}.")
    return Trained(parts[False], parts[True]), notes


def write_profile(
    folder: Path,
    data: LabelledCatalog | PairBenchmark,
    opened: Opened,
    trained: Trained,
    held_out: Mapping[str, HeldOut],
    findings: Findings,
    about: Mapping[str, JsonValue],
) -> None:
    """Write models, classifier, embeddings, held-out probabilities, report and manifest."""
    start_folder(opened.profile, opened.folder, folder)
    document = document_of(findings)
    classifier = Classifier(
        profile=folder.name,
        models=opened.models,
        background=opened.background_file,
        situations=trained.situations,
        alone=trained.alone,
        report={**about, "pairs_held_out": document["pairs"]},
    )
    (folder / CLASSIFIER).write_text(classifier.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for name, scores in held_out.items():
        scores.save(folder / HELD_OUT / f"{name}.npy")
    groups = {} if isinstance(data, PairBenchmark) else data.groups
    save_embeddings(folder / EMBEDDINGS, tuple(data.listings), groups, opened.embeddings)
    write_report(folder / REPORT, findings)
    figures = {key: value for key, value in document.items() if key not in ("data", "model", "title")}
    finish_folder(folder, {**about, "figures": figures})
