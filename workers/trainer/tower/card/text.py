"""What every card says: the same for all towers of this recipe."""

from typing import Final

INTRODUCTION: Final = """\
A small convolutional network that turns a product photo into an embedding, so that edited copies of the
same photo lie close together. Trained by this project's own recipe (`doppel train-tower`), from published
weights or from nothing."""

USE: Final = """\
Meant for: finding listings of one catalog that show the same photo, cropped, mirrored, recompressed,
lettered or put into another picture, as evidence for the classifier of a profile. Not meant for:
recognising people, judging authenticity, or deciding alone.

Open it with `open_clip.create_model_and_transforms("local-dir:<this folder>", require_pretrained=True)`,
then `encode_image`. The text part is there only because open_clip's format wants one; it has random weights
and is never to be used. `held_out.json` names the photos that these weights have not seen."""

DATA: Final = """\
No photo is part of these files. Clusters of near-duplicate photos, and all photos of a held-out product,
fall on one side of the split as a whole. Sample photos are rendered by this project's own sample shop and
are never held out."""

RECIPE: Final = """\
Two views of each photo, one nearly as it is and one edited as re-sellers do (crops, margins, turns, tilts,
colours, lettering, badges, watermarks, screenshots, photographed screens, collages, other backgrounds,
recompression); NT-Xent, in which photos of one product or of look-alike products are no negatives, plus a
KoLeo term and cross-entropy on the products; look-alikes as hard negatives; for runs from the published
weights, the distance to what the published network sees in the untouched photo; AdamW; averaged weights
(EMA); small views first; half-whitening of the training embeddings folded into the projection."""

FIGURES: Final = """\
Measured with these very weights by `python -m workers.trainer.evaluation`. The edits are written with
Pillow on the full-size photos and share no code and no parameters with the training views."""

LIMITS: Final = """\
* Separating true from false matches is harder than ranking: take similarities as evidence, not as a decision.
* It was trained to recognise photos. Different models on look-alike photos will look alike to it."""
