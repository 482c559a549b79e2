"""Recipe of the bundled image tower: a small convolutional network trained from scratch on seller-like edits.

Start it with ``python -m workers.trainer.tower``. Nothing here is used to judge the result: the edits of
``workers.trainer.evaluation`` are written separately, on other image sizes and with other parameters.
"""
