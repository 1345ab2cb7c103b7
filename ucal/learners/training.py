"""The one training loop: batch -> features -> loss -> gradient step -> memory update."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ucal.backbones.embed import Precision, precision_of
from ucal.errors import RunError
from ucal.events import Event, Sink, silent
from ucal.learners.augment import Augment
from ucal.seams import Check, never
from ucal.types import ByteArray, IntArray

_AUGMENT = 12  # stream of randomness under one seed


class Contrast(Protocol):
    """A loss over a memory. `update` is called after the gradient step, never inside it.

    `remembered` is what the next round starts from (SpCL's memory), None where nothing outlives the round.
    """

    def loss(self, features: Tensor, rows: Tensor) -> Tensor: ...

    def update(self, features: Tensor, rows: Tensor) -> None: ...

    def remembered(self) -> Tensor | None: ...


@dataclass(frozen=True, slots=True)
class Trainer:
    """What stays the same from batch to batch."""

    model: nn.Module
    optimiser: torch.optim.Optimizer
    augment: Augment
    device: torch.device
    precision: Precision = "float32"
    check: Check = never
    sink: Sink = silent
    fixed: tuple[nn.Module, ...] = ()  # batch norms that keep their stored statistics (`folded_norms`)

    def epoch(
        self, pixels: ByteArray, batches: Iterable[IntArray], contrast: Contrast, seed: int, round_: int, total: int
    ) -> float:
        """Train on `total` batches of rows of `pixels` (n, h, w, 3) and give the mean loss.

        Changes the model, the optimiser and the contrast's memory. Pictures are changed by draws that
        follow from (seed, round_) alone.

        Raises:
            RunError: the loss is not a finite number any more.
            InterruptedRun: `check` asked for it; what was changed is half done.
        """
        words = np.random.SeedSequence((seed, _AUGMENT, round_)).generate_state(1)
        generator = torch.Generator().manual_seed(int(words[0]))
        every, losses = max(1, total // 20), []
        self.model.train()
        for layer in self.fixed:
            layer.eval()
        with torch.backends.cudnn.flags(deterministic=True, benchmark=False):
            for iteration, rows in enumerate(batches, start=1):
                self.check()
                losses.append(self._step(pixels, rows, contrast, generator))
                if not np.isfinite(losses[-1]):
                    raise RunError(f"round {round_}, iteration {iteration}: the loss is not finite; try a lower lr")
                if iteration % every == 0 or iteration == total:
                    self._tell(round_, iteration, total, float(np.mean(losses[-every:])))
        return float(np.mean(losses))

    def _step(self, pixels: ByteArray, rows: IntArray, contrast: Contrast, generator: torch.Generator) -> float:
        batch = self.augment(torch.from_numpy(pixels[rows]).to(self.device, non_blocking=True), generator)
        index = torch.from_numpy(rows).to(self.device)
        with precision_of(self.device, self.precision):
            features = self.model(batch)
        loss = contrast.loss(features, index)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        contrast.update(features, index)
        return float(loss.detach())

    def _tell(self, round_: int, iteration: int, total: int, loss: float) -> None:
        self.sink(Event("loss", {"round": round_, "iteration": iteration, "loss": loss}))
        self.sink(Event("progress", {"what": "train", "done": iteration, "total": total}))
