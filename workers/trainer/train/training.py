"""A training from labelled data to the folder of a profile."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.report.findings import Findings
from workers.trainer.train.encoding import EncodeBy
from workers.trainer.train.facts import data_facts, model_facts, viewer
from workers.trainer.train.fitting import fit
from workers.trainer.train.measuring import Held, measure_all
from workers.trainer.train.opening import Say, open_profile
from workers.trainer.train.parts import Parts, SplitBy, split_benchmark, split_catalog
from workers.trainer.train.source import Source
from workers.trainer.train.threshold import Rule
from workers.trainer.train.trained import complete, write_profile

FEW: Final = 200
"""Held-out duplicates below which figures depend on chance, and are said to."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to train; `out` is the folder of the new profile."""

    data: LabelledCatalog | PairBenchmark
    out: Path
    profile: str
    split: SplitBy
    seed: int
    rule: Rule
    k: int
    cache: Path
    encode_by: EncodeBy = EncodeBy.HERE

    def options(self) -> dict[str, str]:
        """Return what was asked for, for people."""
        by = "the benchmark's own" if isinstance(self.data, PairBenchmark) else self.split.value
        return {
            "split": by,
            "seed": str(self.seed),
            "threshold rule": str(self.rule),
            "candidates per channel": str(self.k),
        }


def train(request: Request, say: Say) -> Findings:
    """Encode, find candidates, fit, measure, and write the folder; return what was found.

    Raises:
        ArtifactError: the profile or its models cannot be had.
        DoppelError: running encoders were asked for, and did not do it.
        OSError: a photo is gone, or the folder cannot be written.
    """
    data = request.data
    opened = open_profile(request.profile, data, request.cache, request.encode_by, say)
    facts = data_facts(data, opened.embeddings)
    for name, value in facts.items():
        say(f"{name}: {value}")
    source = Source(data, opened.embeddings, opened.background, request.k)
    parts = _split(request)
    fitted = fit(source, parts, request.rule, say)
    trained, notes = complete(fitted, opened)
    say("measuring")
    setting = source.settings[0]
    here = fitted.regressions.get(setting, {})
    held = Held(parts, request.rule, frozenset(here), request.seed)
    measures = measure_all(source, trained[setting], held)
    lacking = {name: scores.lacking(request.rule) for name, scores in fitted.held_out.items()}
    notes += [f"{name}: {said}." for name, said in lacking.items() if said]
    count = int(measures.judged.duplicate.sum())
    if count < FEW:
        notes.append(f"Only {count} duplicates were held out: figures may be off by chance.")
    findings = Findings(
        title=f"{request.out.name}: {data.name}",
        data=facts,
        model=model_facts(opened, request.options()),
        retrieval=measures.retrieval,
        pairs=measures.rows,
        judged=measures.judged,
        thresholds={name: model.threshold for name, model in here.items()},
        catalog=measures.catalog,
        view=viewer(data),
        notes=tuple(notes),
    )
    about: dict[str, JsonValue] = {
        "profile": request.out.name,
        "trained_from": opened.profile.name,
        "data": {"facts": dict(facts), "sha256": data.digest()},
        "options": {**request.options()},
        "fitted": [*fitted.held_out],
        "lacking": {str(situation): reason for situation, reason in fitted.lacking.items()},
    }
    write_profile(request.out, data, opened, trained, fitted.held_out, findings, about)
    return findings


def _split(request: Request) -> Parts:
    if isinstance(request.data, PairBenchmark):
        return split_benchmark(request.data)
    return split_catalog(request.data, request.split, request.seed)
