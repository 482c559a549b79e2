"""What came of a training: a classifier, and the folder that a stack loads."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from workers.index.classifier import Classifier
from workers.index.features import SETTINGS, SITUATIONS, Setting
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

Regressions = dict[Setting, Models]


def complete(fitted: Fitted, opened: Opened) -> tuple[Regressions, list[str]]:
    """Take over from the shipped classifier what the data cannot teach; return notes about it, too."""
    shipped = opened.shipped.regressions if opened.shipped is not None else {}
    merged: Regressions = {}
    for setting in SETTINGS:
        known = {**shipped.get(setting, {}), **fitted.regressions.get(setting, {})}
        merged[setting] = {situation: known[situation] for situation in SITUATIONS if situation in known}
    notes = []
    for situation, reason in fitted.lacking.items():
        known_at_all = any(situation in models for models in merged.values())
        taken = "taken over from the shipped classifier" if known_at_all else "not calibrated"
        notes.append(f"{situation}: {taken}, as there are {reason}.")
    return merged, notes


def write_profile(
    folder: Path,
    data: LabelledCatalog | PairBenchmark,
    opened: Opened,
    regressions: Regressions,
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
        regressions=regressions,
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
