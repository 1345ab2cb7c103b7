"""The one training loop: batch -> features -> loss -> gradient step -> memory update."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import tee
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ucal.backbones.embed import Precision, normalise, precision_of
from ucal.backbones.pictures import Pictures
from ucal.errors import RunError
from ucal.events import Event, Sink, silent
from ucal.learners.augment import Augment, Changes, changed
from ucal.ranks import ALONE, Ranks
from ucal.seams import Check, never
from ucal.types import IntArray

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
    ranks: Ranks = ALONE  # who shares the batches
    common: tuple[nn.Parameter, ...] = ()  # parameters of the loss: every rank gives them the whole batch

    def epoch(
        self, pictures: Pictures, batches: Iterable[IntArray], contrast: Contrast, seed: int, round_: int, total: int
    ) -> float:
        """Train on `total` batches of rows of `pictures` and give the mean loss.

        Changes the model, the optimiser and the contrast's memory. Pictures are changed by draws that
        follow from (seed, round_) alone.

        Raises:
            RunError: the loss is not a finite number any more.
            InterruptedRun: `check` asked for it; what was changed is half done.
        """
        words = np.random.SeedSequence((seed, _AUGMENT, round_)).generate_state(1)
        generator = torch.Generator().manual_seed(int(words[0]))
        every = max(1, total // 20)
        losses: list[Tensor] = []  # read when they are told of: reading makes a GPU's queue run empty
        self.model.train()
        for layer in self.fixed:
            layer.eval()
        rows_of, groups = tee(batches)
        parts = (rows[self.ranks.part(len(rows))] for rows in groups)
        with torch.backends.cudnn.flags(deterministic=True, benchmark=False):
            for iteration, (rows, batch) in enumerate(zip(rows_of, pictures.batches(parts), strict=True), start=1):
                self.check()
                changes = self.augment.draw(len(rows), batch.shape[1], batch.shape[2], generator)
                losses.append(self._step(batch, changes, rows, contrast))
                if iteration % every == 0 or iteration == total:
                    self._tell(round_, iteration, total, losses, every)
        return float(np.mean(_checked(losses, round_)))

    def _step(self, batch: Tensor, changes: Changes, rows: IntArray, contrast: Contrast) -> Tensor:
        """Learn from a batch, of which `batch` holds this rank's pictures; give its loss, detached."""
        index = torch.from_numpy(rows).to(self.device)
        pictures = normalise(changed(batch, changes.of(self.ranks.part(len(rows)))))
        with precision_of(self.device, self.precision):
            own = self.model(pictures)
        features = self.ranks.whole(own, len(rows))
        loss = contrast.loss(features, index)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._exchange()
        self.optimiser.step()
        contrast.update(features, index)
        return loss.detach()

    def _exchange(self) -> None:
        common = {id(parameter) for parameter in self.common}
        own = [parameter for parameter in self.model.parameters() if id(parameter) not in common]
        self.ranks.sum_gradients(own, self.common)

    def _tell(self, round_: int, iteration: int, total: int, losses: list[Tensor], every: int) -> None:
        loss = float(np.mean(_checked(losses, round_)[-every:]))
        self.sink(Event("loss", {"round": round_, "iteration": iteration, "loss": loss}))
        self.sink(Event("progress", {"what": "train", "done": iteration, "total": total}))


def _checked(losses: list[Tensor], round_: int) -> list[float]:
    """Give the losses as numbers.

    Raises:
        RunError: one is not finite.
    """
    values: list[float] = torch.stack(losses).double().tolist()
    for iteration, loss in enumerate(values, start=1):
        if not np.isfinite(loss):
            raise RunError(f"round {round_}, iteration {iteration}: the loss is not finite; try a lower lr")
    return values
