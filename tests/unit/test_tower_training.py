"""The recipe end to end on generated photos: repeatable, exported in open_clip's format, loaded strictly."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file

from workers.trainer.tower import losses, teacher
from workers.trainer.tower.averaging import learning_rate
from workers.trainer.tower.batches import Batches
from workers.trainer.tower.cache import SIDE
from workers.trainer.tower.network import CONFIG, DIM, WEIGHTS, build, encode, export
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.training import Trainer
from workers.trainer.tower.training_set import TrainingSet
from workers.trainer.tower.whitening import fold_whitening, half_whitening

RECIPE = Recipe(steps=4, photos_per_step=8, stages=((0.0, 32),), seed=5)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def training_set() -> TrainingSet:
    """24 photos of coarse random colours; the first 12 show four products."""
    coarse = np.random.default_rng(1).integers(0, 256, (24, 3, 8, 8), dtype=np.uint8)
    pixels = coarse.repeat(SIDE // 8, axis=2).repeat(SIDE // 8, axis=3)
    products = torch.tensor([n % 4 if n < 12 else -1 for n in range(24)])
    return TrainingSet(pixels, np.arange(24), torch.arange(24), products)


def weights(training_set: TrainingSet, seed: int) -> dict[str, torch.Tensor]:
    recipe = Recipe(steps=3, photos_per_step=8, stages=((0.0, 32),), seed=seed)
    trainer = Trainer(recipe, training_set)
    assert trainer.run(lambda _line: None)
    return trainer.average.model.state_dict()


def test_same_seed_gives_the_same_weights(training_set: TrainingSet) -> None:
    first, again, other = (weights(training_set, seed) for seed in (5, 5, 6))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["visual.head.proj.weight"], other["visual.head.proj.weight"])


def test_run_reports_progress_and_is_kept_at_its_end(training_set: TrainingSet) -> None:
    lines: list[str] = []
    kept: list[int] = []
    trainer = Trainer(RECIPE, training_set)
    trainer.run(lines.append, lambda: kept.append(trainer.done))
    assert [line.split()[1] for line in lines] == ["1/4", "4/4"]
    assert "min left" in lines[-1]
    assert kept == [4]


def test_run_stops_when_asked(training_set: TrainingSet) -> None:
    trainer = Trainer(RECIPE, training_set)
    assert not trainer.run(lambda _line: None, stop=lambda: trainer.done == 2)
    assert trainer.done == 2


def test_frozen_stages_and_their_statistics_stay(training_set: TrainingSet) -> None:
    trainer = Trainer(RECIPE, training_set)
    before = {name: value.clone() for name, value in trainer.visual.state_dict().items()}
    trainer.run(lambda _line: None)
    changed = {
        name for name, value in trainer.visual.state_dict().items() if not torch.equal(value, before[name])
    }
    fixed = ("trunk.conv_stem", "trunk.bn1", "trunk.blocks.0.", "trunk.blocks.1.")
    assert not [name for name in changed if name.startswith(fixed)]
    assert {
        "trunk.blocks.2.0.conv_pw.weight",
        "trunk.blocks.2.0.bn1.running_mean",
        "head.proj.weight",
    } <= changed


def test_features_of_the_published_network_start_and_lead_the_projection(training_set: TrainingSet) -> None:
    features = torch.randn(24, 1280, generator=torch.Generator().manual_seed(2))
    taught = Trainer(RECIPE, dataclasses.replace(training_set, features=features))
    weight, bias = (taught.visual.get_parameter(f"head.proj.{name}") for name in ("weight", "bias"))
    found = torch.nn.functional.normalize(features @ weight.T + bias, dim=1)
    assert torch.allclose(found, teacher.targets(features), atol=1e-4)
    assert not torch.equal(weight, Trainer(RECIPE, training_set).visual.get_parameter("head.proj.weight"))


def test_distance_to_the_target_is_nothing_at_the_target() -> None:
    unit = torch.eye(4)
    assert losses.distance(unit, unit) == 0
    assert losses.distance(unit, unit.roll(1, 0)) == 1


def test_steps_lower_the_loss(training_set: TrainingSet) -> None:
    features = torch.randn(24, 1280, generator=torch.Generator().manual_seed(2))
    recipe = dataclasses.replace(RECIPE, steps=60, photos_per_step=24)
    trainer = Trainer(recipe, dataclasses.replace(training_set, features=features))
    trainer.learn()
    values = [trainer.step(step) for step in range(16)]
    assert sum(values[-4:]) < sum(values[:4]) - 0.5


def test_exported_folder_opens_strictly_in_open_clip(tmp_path: Path) -> None:
    model = build(1).eval()
    file = export(model, tmp_path)
    assert file.name == WEIGHTS
    assert file.stat().st_mode & 0o444 == 0o444
    assert load_file(file)["visual.head.proj.weight"].dtype == torch.float16
    opened, _, prepare = open_clip.create_model_and_transforms(
        f"local-dir:{tmp_path}", require_pretrained=True
    )
    assert opened.visual.image_size == (SIDE, SIDE)
    assert json.loads((tmp_path / "open_clip_config.json").read_text()) == CONFIG
    photos = torch.rand(2, 3, SIDE, SIDE)
    with torch.no_grad():
        before = torch.nn.functional.normalize(model.get_submodule("visual")(photos), dim=1)
        after = opened.eval().encode_image(photos, normalize=True)
    assert after.shape == (2, DIM)
    assert (before * after).sum(1).min() > 0.9999
    assert "Resize(size=(160, 160)" in repr(prepare)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    export(build(1), tmp_path)
    config = json.loads((tmp_path / "open_clip_config.json").read_text())
    config["model_cfg"]["vision_cfg"]["timm_model_name"] = "resnet18"
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(RuntimeError, match="state_dict"):
        open_clip.create_model(f"local-dir:{tmp_path}", require_pretrained=True)


def test_folded_whitening_is_whitening_of_the_output(training_set: TrainingSet) -> None:
    visual = build(1).eval().get_submodule("visual")
    before = encode(visual, training_set.pixels, 32)
    mean, change = half_whitening(before)
    fold_whitening(visual, training_set.pixels, 32)
    expected = torch.nn.functional.normalize((before - mean) @ change.T, dim=1)
    folded = torch.nn.functional.normalize(encode(visual, training_set.pixels, 32), dim=1)
    assert torch.allclose(expected, folded, atol=1e-3)


def test_same_group_is_no_negative() -> None:
    unit = torch.nn.functional.normalize(torch.randn(4, 8, generator=torch.Generator().manual_seed(1)), dim=1)
    twins = unit[[0, 0, 2, 3]]
    apart = losses.contrastive(twins, twins, torch.tensor([0, 1, 2, 3]), 0.07)
    together = losses.contrastive(twins, twins, torch.tensor([0, 0, 2, 3]), 0.07)
    assert together < apart


def test_koleo_prefers_spread_embeddings() -> None:
    spread = torch.eye(4)
    packed = torch.nn.functional.normalize(torch.eye(4) + 3, dim=1)
    assert losses.koleo(spread) < losses.koleo(packed)


def test_koleo_has_the_same_gradient_on_many_threads() -> None:
    """All rows are nearest to one of a few, so that threads meet where gradients are summed up."""
    rows = torch.randn(256, 512, generator=torch.Generator().manual_seed(1))
    rows[8:] = 0.3 * rows[8:] + rows[:8].repeat(31, 1)
    unit = torch.nn.functional.normalize(rows, dim=1).requires_grad_()
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    gradients = [torch.autograd.grad(losses.koleo(unit), unit)[0] for _ in range(20)]
    torch.set_num_threads(before)
    assert all(torch.equal(gradient, gradients[0]) for gradient in gradients)


def test_product_loss_ignores_photos_without_product() -> None:
    unit = torch.eye(4)
    assert losses.product_loss(unit, torch.eye(4), torch.full((4,), -1), 0.07) == 0
    assert losses.product_loss(unit, torch.eye(4), torch.tensor([0, 1, -1, -1]), 0.07) < 1e-3


def test_learning_rate_rises_then_falls_to_nothing() -> None:
    rates = [learning_rate(step, 100, 1.0, 0.1) for step in range(100)]
    assert rates.index(max(rates)) in (9, 10)
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] < 0.001


def test_hard_batches_hold_look_alikes_of_other_groups() -> None:
    places = torch.arange(40) // 4
    embeddings = torch.eye(10)[places] + 0.01 * torch.rand(40, 10, generator=torch.Generator().manual_seed(1))
    groups = torch.arange(40) // 2
    batches = Batches(groups, torch.full((40,), -1), 8, seed=1)
    batches.mine(embeddings)
    batch = batches.next(hard=True).view(2, 4)
    assert (groups[batch[:, 1:]] != groups[batch[:, :1]]).all()


def test_partner_is_another_photo_of_the_product() -> None:
    products = torch.tensor([0, 0, 0, 1, 1, -1, -1, -1])
    batches = Batches(torch.arange(8), products, 8, seed=1)
    batch = batches.next(hard=False)
    partners = batches.partners(batch, 1.0)
    assert torch.equal(products[batch], products[partners])
    unlabelled = products[batch] < 0
    assert torch.equal(batch[unlabelled], partners[unlabelled])
