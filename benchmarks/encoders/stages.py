"""Where the CPU-seconds of the bulk path go: by process, and within the encoder by stage."""

from collections.abc import Mapping
from typing import Final

_ENCODER: Final = "encoder"
_MODELS: Final = ("encoder.decode", "encoder.forward_image", "encoder.forward_text")


def stage_table(spent: Mapping[str, float], products: int) -> dict[str, float]:
    """Return CPU-milliseconds per product of each process but the encoder, and of each of its stages.

    `spent` is `Service.spent`. What the encoder does besides its stages is `encoder.other`: reading the
    spool, hashing, Redis, Celery.
    """
    told = {stage: value for stage, value in spent.items() if stage.startswith("encoder.")}
    parts = {process: value for process, value in spent.items() if "." not in process} | told
    parts["encoder.other"] = parts.pop(_ENCODER) - sum(told.values())
    return {stage: round(value / products * 1000, 3) for stage, value in sorted(parts.items())}


def overhead(table: Mapping[str, float]) -> dict[str, float]:
    """Return what is neither decoding nor a forward pass, as a share of all; and without preparing images."""
    total = sum(table.values())
    rest = total - sum(table.get(stage, 0) for stage in _MODELS)
    prepare = table.get("encoder.prepare_image", 0)
    return {
        "overhead_fraction": round(rest / total, 4),
        "overhead_fraction_beside_prepare": round((rest - prepare) / total, 4),
    }


def show(table: Mapping[str, float]) -> str:
    """Return the table for people, dearest first."""
    total = sum(table.values())
    lines = [
        f"  {stage:24} {value:9.3f} {value / total:7.1%}"
        for stage, value in sorted(table.items(), key=lambda part: -part[1])
    ]
    return "\n".join([f"  {'CPU-ms per product':24} {total:9.3f}", *lines])
