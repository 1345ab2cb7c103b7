"""What each of two ranks does in `tests/ucal/test_ranks.py`; alone it makes what they are compared with.

torchrun --nproc-per-node 2 -m tests.two_ranks OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ucal.backbones.resnet import BasicBlock
from ucal.backbones.small import SmallNet
from ucal.config import RunConfig
from ucal.datasets.synth import Plan, render_arrays
from ucal.learners.learner import ImageLearner
from ucal.memory import LabelMemory
from ucal.ranks import Ranks, ranks_of_environment
from ucal.types import Answer, FloatArray, IntArray, Verdict

BASES = ("cluster-contrast", "spcl", "gcl-scl", "mcl", "spal")
ROUNDS = 3
EXCLUDED = np.array([5])
LINKS = ((0, 1, Verdict.SAME), (2, 3, Verdict.SAME), (0, 2, Verdict.DIFFERENT), (0, 5, Verdict.DIFFERENT))


def results_of(base: str, ranks: Ranks) -> dict[str, FloatArray]:
    """Give the gradient of one batch, and the losses and features of three rounds of four batches.

    The gradient is of a net without kinks. A batch has 9 pictures, which two ranks share 4 to 5. `spal` is
    Cluster Contrast with SPAL's triplet over a few answers.
    """
    learner, labels = _learner(base, ranks, iterations=1)
    for layer in learner.model.modules():
        if isinstance(layer, BasicBlock | SmallNet):
            layer.relu = nn.Softplus()  # type: ignore[assignment]  # a kink makes much of a rounding error
    learner.train(labels, EXCLUDED, 0)
    gradients = [p.grad.flatten() for p in learner.model.parameters() if p.grad is not None]
    learner, labels = _learner(base, ranks, iterations=4)
    losses = []
    for round_ in range(ROUNDS):
        learner.features()
        losses.append(learner.train(labels, EXCLUDED, round_))
    return {
        f"{base} gradient": torch.cat(gradients).numpy(),
        f"{base} losses": np.array(losses, np.float32),
        f"{base} rows": learner.embed("train"),
    }


def _learner(base: str, ranks: Ranks, iterations: int) -> tuple[ImageLearner, IntArray]:
    people = render_arrays(Plan(identities=6, cameras=2, images=2, height=32, width=16, seed=1, hard=0.3, held_out=2))
    train = people["train"]
    config = RunConfig(
        base="cluster-contrast" if base == "spal" else base,  # type: ignore[arg-type]
        policy="none",
        backbone="small",
        weights="start",
        height=32,
        width=16,
        iterations=iterations,
        identities_per_batch=3,
        images_per_identity=3,
        pad=2,
        device="cpu",
        embed_batch=7,
    )
    answers = [Answer(id=str(i), question=str(i), left=a, right=b, verdict=v) for i, (a, b, v) in enumerate(LINKS)]
    links = (lambda: LabelMemory(len(train.pixels), "closure", answers)) if base == "spal" else None
    return ImageLearner(config, train.pixels, train.cameras, links=links, ranks=ranks), train.identities


def main() -> None:
    torch.set_num_threads(1)
    with ranks_of_environment("cpu") as ranks:
        results: dict[str, FloatArray] = {}
        for base in BASES:
            results |= results_of(base, ranks)
        np.savez(Path(sys.argv[1]) / f"rank{ranks.rank}.npz", **results)


if __name__ == "__main__":
    main()
