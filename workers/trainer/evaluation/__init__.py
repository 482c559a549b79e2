"""How good an image encoder is at recognising edited and re-photographed pictures.

The edits are written with Pillow on full-size photos and share neither code nor parameters with the
augmentation that the bundled tower was trained with. Start it with ``python -m workers.trainer.evaluation``.
"""
