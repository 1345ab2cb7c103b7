"""Augmentation on bytes: flip, shift, erase; every picture for itself, nothing hidden."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ucal.backbones.embed import normalise
from ucal.learners.augment import Augment, at_once, one_by_one


def pictures(n: int = 8, height: int = 12, width: int = 8) -> torch.Tensor:
    return torch.randint(1, 256, (n, height, width, 3), generator=torch.Generator().manual_seed(3)).to(torch.uint8)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_switched_on_changes_nothing() -> None:
    batch = pictures()
    assert torch.equal(Augment(0, 0, 0).change(batch, generator()), batch)


def test_a_certain_flip_mirrors_left_and_right() -> None:
    batch = pictures()
    assert torch.equal(Augment(1, 0, 0).change(batch, generator()), batch.flip(2))


def test_a_shift_is_a_crop_of_the_zero_padded_picture() -> None:
    batch, pad = pictures(40), 3
    changed = Augment(0, pad, 0).change(batch, generator())
    shifts = set()
    for before, after in zip(batch, changed, strict=True):
        padded = torch.nn.functional.pad(before, (0, 0, pad, pad, pad, pad))
        crops = {
            (y, x): torch.equal(padded[y : y + 12, x : x + 8], after)
            for y in range(2 * pad + 1)
            for x in range(2 * pad + 1)
        }
        assert sum(crops.values()) == 1
        shifts |= {place for place, fits in crops.items() if fits}
    assert len(shifts) > 15  # each picture draws for itself


def test_a_shift_wider_than_the_picture_leaves_zeros() -> None:
    changed = Augment(0, 500, 0).change(pictures(4), generator(1))
    assert changed.shape == (4, 12, 8, 3)
    assert int(changed.sum()) == 0


def test_a_certain_erasing_fills_one_box_of_the_asked_size_with_the_mean_colour() -> None:
    batch = pictures(60, 64, 32)
    changed = Augment(0, 0, 1).change(batch, generator())
    for before, after in zip(batch, changed, strict=True):
        different = (before != after).any(dim=2)
        rows, columns = different.any(dim=1).nonzero(), different.any(dim=0).nonzero()
        tall, wide = int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)
        box = after[int(rows.min()) : int(rows.max()) + 1, int(columns.min()) : int(columns.max()) + 1]
        assert torch.equal(box.reshape(-1, 3).unique(dim=0), torch.tensor([[124, 116, 104]], dtype=torch.uint8))
        assert 0.015 < tall * wide / (64 * 32) < 0.43
        assert 0.25 < tall / wide < 4.0


@pytest.mark.parametrize(("augment", "share"), [(Augment(0.5, 0, 0), 0.5), (Augment(0, 0, 0.3), 0.3)])
def test_probabilities_are_kept(augment: Augment, share: float) -> None:
    batch = pictures(400)
    changed = (augment.change(batch, generator()) != batch).flatten(1).any(dim=1)
    assert abs(float(changed.float().mean()) - share) < 0.08


@pytest.mark.parametrize("augment", [Augment(0.5, 3, 0.5), Augment(1, 0, 1), Augment(0, 20, 0)])
def test_what_a_gpu_does_at_once_is_what_a_cpu_does_picture_by_picture(augment: Augment) -> None:
    batch = pictures(60, 16, 9)
    changes = augment.draw(60, 16, 9, generator(5))
    assert torch.equal(at_once(batch, changes), one_by_one(batch, changes))
    assert torch.equal(at_once(batch[10:20], changes.of(slice(10, 20))), one_by_one(batch, changes)[10:20])


def test_the_generator_decides_and_the_input_stays() -> None:
    batch = pictures()
    kept, augment = batch.clone(), Augment(0.5, 2, 0.5)
    first = augment(batch, generator(1))
    assert torch.equal(first, augment(batch, generator(1)))
    assert not torch.equal(first, augment(batch, generator(2)))
    assert torch.equal(batch, kept)


def test_normalising_is_the_textbook_formula() -> None:
    batch = pictures()
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    slow = ((batch.numpy() / 255.0 - mean) / std).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(normalise(batch).numpy(), slow, atol=2e-6)
    assert normalise(batch).is_contiguous(memory_format=torch.channels_last)
