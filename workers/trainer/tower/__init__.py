"""Trains image towers: small convolutional networks that recognise photos through seller-like edits.

Started by ``doppel train-tower``, which is ``python -m workers.trainer.tower train``. Nothing here judges the
result: the edits of ``workers.trainer.evaluation`` are written separately, on other image sizes and with
other parameters.
"""
