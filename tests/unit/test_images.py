"""How a listing refers to an image in the spool."""

import pytest

from shared.images import SpooledImage


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (SpooledImage("jobs/1/images/a"), "spool:jobs/1/images/a"),
        (SpooledImage("jobs/1/images/000017", 4096, 20480), "spool:jobs/1/images/000017#4096+20480"),
        (SpooledImage("jobs/1/images/000017", 0, 1), "spool:jobs/1/images/000017#0+1"),
    ],
)
def test_reference_is_read_as_it_was_written(image: SpooledImage, text: str) -> None:
    assert str(image) == text
    assert SpooledImage.parse(text) == image


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://cdn.example/spool:jobs/1/images/a#1+2",
        "spool:jobs/1/images/a#1",
        "spool:jobs/1/images/a#-1+2",
        "spool:jobs/1/images/../accepted.json",
        "spool:jobs/../../etc/passwd",
        "spool:/etc/passwd#0+100",
        "spool:jobs/1/chunks/000000.json",
    ],
)
def test_nothing_else_is_an_image_in_the_spool(text: str) -> None:
    assert SpooledImage.parse(text) is None
