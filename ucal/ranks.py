"""Processes that train one model together (torchrun): each takes a part of every batch, and all know the whole.

Every rank holds the whole model and every row's features. A batch is cut into consecutive parts; the
features of the parts are put together in batch order, so each rank sees the loss, and moves the memory, of
the whole batch. A loss on the whole batch has, on each rank, a gradient in that rank's own rows alone: the
sum over the ranks is the gradient that one process would have had.

Engine: torch.distributed, NCCL between GPUs and gloo between CPUs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ucal.errors import ConfigError, RunError

_NEEDED = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
_PATIENCE = timedelta(days=30)  # of ranks that wait while the first one clusters and asks
_BLOCK = 1 << 24  # numbers exchanged at once

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those that train together. Alone by default: then nothing is exchanged."""

    rank: int = 0
    world: int = 1
    control: Any = None  # a gloo group for messages; None = alone

    @property
    def alone(self) -> bool:
        """Say whether there is nobody else."""
        return self.world == 1

    def part(self, n: int) -> slice:
        """Give this rank's part of a batch of n rows: consecutive, sizes that differ by one at most.

        Raises:
            ConfigError: there are more ranks than rows.
        """
        if n < self.world:
            raise ConfigError(f"expected batches of at least one image a process ({self.world}), got {n}")
        return slice(n * self.rank // self.world, n * (self.rank + 1) // self.world)

    def whole(self, own: Tensor, n: int) -> Tensor:
        """Give the rows (n, d) of all parts in batch order; gradients reach this rank's `own` rows only."""
        if self.alone:
            return own
        part = self.part(n)
        with torch.no_grad():
            rows = own.new_zeros(n, own.shape[1])
            rows[part] = own.detach()
            dist.all_reduce(rows)
        return torch.cat([rows[: part.start], own, rows[part.stop :]])

    def sum_gradients(self, own: Iterable[nn.Parameter], common: Iterable[nn.Parameter]) -> None:
        """Add up the gradients of `own` over the ranks, and average those of `common` (changes them).

        own: parameters that saw this rank's part; common: parameters that saw the whole batch on every rank.
        """
        if self.alone:
            return
        for parameters, share in ((own, 1.0), (common, 1.0 / self.world)):
            gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
            if not gradients:
                continue
            flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
            dist.all_reduce(flat)
            start = 0
            for gradient in gradients:
                stop = start + gradient.numel()
                gradient.copy_(flat[start:stop].view_as(gradient) * share)
                start = stop

    def add_up(self, rows: Tensor, device: torch.device) -> None:
        """Replace rows (n, d) on the CPU by their sum over the ranks, through `device`, block by block."""
        if self.alone:
            return
        for block in rows.split(max(1, _BLOCK // max(1, rows.shape[1]))):  # type: ignore[no-untyped-call]
            moved = block.to(device)
            dist.all_reduce(moved)
            block.copy_(moved)

    def from_first(self, make: Callable[[], Made]) -> Made:
        """Give what the first rank makes, on every rank."""
        if self.alone:
            return make()
        if self.rank:
            sent: Made = self.receive()
            return sent
        made = make()
        self.tell(made)
        return made

    def tell(self, message: object) -> None:
        """Send a message from the first rank to all others."""
        dist.broadcast_object_list([message], src=0, group=self.control)

    def receive(self) -> Any:
        """Wait for the first rank's next message.

        Raises:
            RunError: the first rank is gone.
        """
        message: list[Any] = [None]
        try:
            dist.broadcast_object_list(message, src=0, group=self.control)
        except RuntimeError as error:
            raise RunError(f"process {self.rank} of {self.world}: the first process is gone") from error
        return message[0]


ALONE = Ranks()


@contextmanager
def ranks_of_environment(device: Literal["auto", "cpu", "cuda"]) -> Iterator[Ranks]:
    """Join the ranks that torchrun started; alone where it did not start this process.

    Each rank takes the GPU of its place on its machine; on machines without one, or with `cpu`, gloo is used.

    Raises:
        ConfigError: torchrun's variables are incomplete, or there are fewer GPUs than processes.
    """
    world = os.environ.get("WORLD_SIZE", "1")
    if not world.isdecimal() or int(world) < 1:
        raise ConfigError(f"WORLD_SIZE: expected a number of processes as torchrun sets it, got {world!r}")
    if int(world) == 1:
        yield ALONE
        return
    missing = [name for name in _NEEDED if name not in os.environ]
    if missing:
        raise ConfigError(f"WORLD_SIZE is {world}: expected {', '.join(missing)} beside it (start with torchrun)")
    backend = "gloo" if device == "cpu" or not torch.cuda.is_available() else "nccl"
    if backend == "nccl":
        place, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if place >= gpus:
            raise ConfigError(f"expected one GPU for each process of this machine, got {gpus} for process {place}")
        torch.cuda.set_device(place)
    dist.init_process_group(backend)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size(), dist.new_group(backend="gloo", timeout=_PATIENCE))
    finally:
        dist.destroy_process_group()
