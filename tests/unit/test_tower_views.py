"""Training views: right shapes and ranges, fixed by the seed, and each edit does what it says."""

from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

from workers.trainer.tower import losses
from workers.trainer.tower.augment import colour, degrade, geometry, scene
from workers.trainer.tower.augment.dice import Dice
from workers.trainer.tower.augment.stamps import Stamps
from workers.trainer.tower.augment.views import Augmenter
from workers.trainer.tower.network import as_input

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def photos() -> torch.Tensor:
    """Eight photos of coarse random colours, uint8 (8, 3, 64, 64)."""
    coarse = torch.rand(8, 3, 5, 5, generator=torch.Generator().manual_seed(3))
    smooth = torch.nn.functional.interpolate(coarse, 64, mode="bilinear", align_corners=False)
    return (smooth * 255).byte()


@pytest.mark.parametrize("side", [32, 64])
def test_views_are_images_of_the_side_asked_for(photos: torch.Tensor, side: int) -> None:
    augmenter = Augmenter(1)
    for views in (augmenter.plain(photos, side), augmenter.edited(photos, side)):
        assert views.shape == (8, 3, side, side)
        assert views.dtype == torch.float32
        assert views.min() >= 0
        assert views.max() <= 1


def test_views_depend_on_the_seed_alone(photos: torch.Tensor) -> None:
    first, again, other = (Augmenter(seed).edited(photos, 32) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


class NamedDevices(TorchFunctionMode):
    """Fails where a tensor is made without saying on which device: on a GPU it would end up elsewhere."""

    MAKERS = (
        *(torch.rand, torch.randn, torch.randint, torch.randperm, torch.arange, torch.linspace, torch.tensor),
        *(torch.zeros, torch.ones, torch.empty, torch.full, torch.eye),
    )

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        assert func not in self.MAKERS or "device" in given, f"{func.__name__}{args} names no device"
        return func(*args, **given)


def test_a_step_names_the_device_of_every_tensor(photos: torch.Tensor) -> None:
    with NamedDevices():
        augmenter = Augmenter(1)
        for _ in range(6):  # rare edits, too
            views = torch.cat([augmenter.plain(photos, 32), augmenter.edited(photos, 32)])
        unit = torch.nn.functional.normalize(as_input(views).flatten(1), dim=1)
        groups = augmenter.dice.integers(8, 4)
        losses.contrastive(unit[:8], unit[8:], groups, 0.07)
        losses.koleo(unit)
        losses.product_loss(unit[:8], unit[8:], groups, 0.07)
    with pytest.raises(AssertionError, match="names no device"), NamedDevices():
        torch.zeros(3)


def test_photos_are_not_changed_by_their_views(photos: torch.Tensor) -> None:
    before = photos.clone()
    Augmenter(1).edited(photos, 32)
    assert torch.equal(before, photos)


def test_identical_placement_draws_the_photo(photos: torch.Tensor) -> None:
    source = photos.float() / 255
    drawn = geometry.sample(source, geometry.identity(8), torch.zeros(8, 3, 64, 64))
    assert torch.allclose(drawn, source, atol=1e-5)


def test_mirrored_placement_flips_left_and_right(photos: torch.Tensor) -> None:
    source = photos.float() / 255
    place = geometry.identity(8)
    place.mirror[:] = -1
    drawn = geometry.sample(source, place, torch.zeros(8, 3, 64, 64))
    assert torch.allclose(drawn, source.flip(3), atol=1e-5)


def test_margin_shows_the_canvas_around_the_whole_photo(photos: torch.Tensor) -> None:
    place = geometry.identity(8)
    place.half[:] = 2.0
    drawn = geometry.sample(torch.ones(8, 3, 64, 64), place, torch.zeros(8, 3, 64, 64))
    assert drawn[:, :, 20:44, 20:44].min() == 1
    assert drawn[:, :, :15].max() == 0


def test_random_placements_keep_crops_inside_their_photos() -> None:
    place = geometry.random_placement(500, Dice(1), 1.0)
    crops = (place.half <= 1).all(1)
    assert crops.any()
    assert ((place.centre.abs() + place.half)[crops] <= 1 + 1e-5).all()


def test_recompression_keeps_the_picture_and_loses_detail(photos: torch.Tensor) -> None:
    source = photos.float() / 255
    restored = degrade.recompress(source, Dice(1))
    assert 0 < (restored - source).abs().mean() < 0.05


def test_drained_views_are_grey() -> None:
    views = colour.drain_colour(torch.rand(40, 3, 8, 8), Dice(1), 1.0)
    spread = (views / views.mean((2, 3), keepdim=True)).std(1)
    assert spread.max() < 1e-4


def test_stamps_change_the_views_and_stay_in_range() -> None:
    dice = Dice(1)
    stamps = Stamps(dice, 8)
    for letters in (True, False):
        views = stamps.put(torch.full((8, 3, 48, 48), 0.5), dice, letters=letters, low=0.4, high=0.6)
        assert (views != 0.5).flatten(1).any(1).all()
        assert views.min() >= 0
        assert views.max() <= 1


def test_collage_shows_other_photos_around_the_cell(photos: torch.Tensor) -> None:
    source = photos.float() / 255
    place, canvas = geometry.identity(8), torch.zeros(8, 3, 32, 32)
    scene.collages(source, place, canvas, Dice(1), 1.0)
    drawn = geometry.sample(source, place, canvas)
    assert (place.half.amax(1) == 2).all()
    assert (drawn.amin(1) == 0).float().mean() < 0.01
