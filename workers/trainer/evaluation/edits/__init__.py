"""What sellers do to a photo they re-use, by name."""

from workers.trainer.evaluation.edits.registry import COLLAGE, EDITS, apply_edit

__all__ = ["COLLAGE", "EDITS", "apply_edit"]
