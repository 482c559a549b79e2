"""Chooses other thresholds for a trained profile, from the probabilities of pairs it was not fitted on."""

from dataclasses import dataclass
from pathlib import Path

from shared.errors import ArtifactError
from workers.index.classifier import SituationModel, load_classifier
from workers.index.features import Setting, Situation
from workers.trainer.report.findings import JudgedPairs, pair_figures
from workers.trainer.train.fitting import name_of
from workers.trainer.train.held_out import load_held_out
from workers.trainer.train.profile_folder import (
    CLASSIFIER,
    HELD_OUT,
    check_files,
    finish_folder,
    read_manifest,
)
from workers.trainer.train.threshold import Rule


@dataclass(frozen=True, slots=True)
class Change:
    """The threshold of one situation, what the new one does on held-out pairs, and what it fails to do."""

    name: str
    old: float
    new: float
    precision: float
    recall: float
    f1: float
    lacking: str


def rethreshold(folder: Path, rule: Rule) -> list[Change]:
    """Rewrite the thresholds in the folder's classifier, and its manifest; nothing is encoded or fitted.

    Situations that were taken over from another classifier keep theirs. The report stays as it was.

    Raises:
        ArtifactError: the folder was not written by a training, or its files were altered.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    classifier = load_classifier(folder / CLASSIFIER)
    changes: list[Change] = []

    def changed(models: dict[Situation, SituationModel], setting: Setting) -> dict[Situation, SituationModel]:
        found = dict(models)
        for situation, model in models.items():
            name = name_of(situation, setting)
            if name not in manifest["fitted"]:
                continue
            change = _choose(folder, name, model.threshold, rule)
            changes.append(change)
            found[situation] = model.model_copy(update={"threshold": change.new})
        return found

    renewed = classifier.model_copy(
        update={
            "regressions": {
                setting: changed(models, setting) for setting, models in classifier.regressions.items()
            },
            "report": {**classifier.report, "threshold_rule": str(rule)},
        }
    )
    if not changes:
        raise ArtifactError(f"{folder} holds no held-out probabilities: nothing was fitted for it")
    # Written beside, then renamed: a stop leaves the old classifier or the new one.
    partial = folder / f"{CLASSIFIER}.part"
    partial.write_text(renewed.model_dump_json(indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / CLASSIFIER)
    told = {key: value for key, value in manifest.items() if key not in ("format", "versions", "files")}
    told["options"] = {**manifest["options"], "threshold rule": str(rule)}
    told["thresholds"] = {change.name: change.new for change in changes}
    finish_folder(folder, told)
    return changes


def _choose(folder: Path, name: str, old: float, rule: Rule) -> Change:
    held = load_held_out(folder / HELD_OUT / f"{name}.npy")
    pairs = JudgedPairs([("", "")] * len(held.chances), held.chances, held.called(rule), held.duplicate)
    figures = pair_figures(pairs.where(held.reported()))
    return Change(
        name=name,
        old=old,
        new=held.threshold(rule),
        precision=figures["precision"],
        recall=figures["recall"],
        f1=figures["f1"],
        lacking=held.lacking(rule),
    )
