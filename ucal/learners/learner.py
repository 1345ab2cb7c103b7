"""`ImageLearner` trains a backbone on pictures, from the labels of each round."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ucal.backbones import build
from ucal.backbones.embed import dimension_of, embed, pick_device
from ucal.backbones.folded import folded_norms
from ucal.backbones.pictures import Pictures
from ucal.backbones.rank_norm import share_norms
from ucal.config import RunConfig
from ucal.errors import ConfigError, DataFormatError
from ucal.events import Event, Sink, silent
from ucal.learners.augment import Augment
from ucal.learners.batches import Batches
from ucal.learners.checkpoint import read_checkpoint, write_checkpoint
from ucal.learners.cluster_contrast import ClusterContrast
from ucal.learners.gcl_scl import GclScl, SelectiveContrast
from ucal.learners.graph import GraphCorrelation, neighbour_graphs, ordered_graphs, refine
from ucal.learners.mcl import Mcl, Weights
from ucal.learners.spcl import Spcl
from ucal.learners.support import SupportTriplet, links_of
from ucal.learners.training import Contrast, Trainer
from ucal.memory import LabelMemory
from ucal.meta import subset_of
from ucal.ranks import ALONE, Ranks
from ucal.seams import Check, never
from ucal.types import ByteArray, FloatArray, IntArray

_QUERIES = 15  # stream of randomness under one seed (`ucal.learners.batches` has others)


class ImageLearner:
    """A backbone that learns from the labels of each round, on pictures kept decoded in memory.

    Source: Cluster Contrast, SpCL, GCL + SCL, MCL: the same loop, another loss and memory.

    All randomness follows from (config.seed, round), so `load` and `train` give, on the same machine
    with the same threads, bit for bit what going on would have given. A training that was interrupted
    leaves the model half changed: `load` the last state before doing the round again.
    """

    def __init__(  # noqa: PLR0913 - three splits, the rest are options by name
        self,
        config: RunConfig,
        train: ByteArray,
        cameras: IntArray | None,
        query: ByteArray | None = None,
        gallery: ByteArray | None = None,
        *,
        links: Callable[[], LabelMemory] | None = None,
        order: IntArray | None = None,
        ranks: Ranks = ALONE,
        check: Check = never,
        sink: Sink = silent,
    ) -> None:
        """Build the backbone.

        links: gives the answers that the triplet learns from, when a round is trained; None = no triplet.
        order: (n,) the order of the rows that GCL's graphs are cut from; None = graphs of nearest rows.
        ranks: who trains together; each call must then be made on every rank.
        """
        self._config, self._check, self._sink = config, check, sink
        self._links, self._order, self._ranks = links, order, ranks
        self._device = pick_device(config.device)
        self._n = len(train)
        if cameras is not None and len(cameras) != len(train):
            raise DataFormatError(f"cameras: expected one per picture ({len(train)}), got {len(cameras)}")
        self._inside = subset_of(len(train), config.mcl_rho, config.seed) if config.base == "mcl" else None  # X1
        self._draws = Batches(config, len(train), cameras, self._inside)
        given = {"train": train, "query": query, "gallery": gallery}
        self._splits = {
            name: Pictures(pixels, self._device, once=name == "train")
            for name, pixels in given.items()
            if pixels is not None
        }
        self.model = _build(config, ranks, self._device).to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._fixed = folded_norms(self.model)
        if self._fixed:
            text = (
                f"weights: {len(self._fixed)} batch norms are folded into their convolutions "
                "and keep their stored statistics in training"
            )
            sink(Event("warning", {"text": text}))
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        fused = self._device.type == "cuda"  # on a CPU it computes other bits, and no faster
        self._optimiser = torch.optim.Adam(trained, lr=config.lr, weight_decay=config.weight_decay, fused=fused)
        self._memory: FloatArray | None = None  # SpCL's; filled at the first `features`
        self._features: FloatArray | None = None  # of the weights as they are now
        self._refined: FloatArray | None = None  # GCL's, of the same weights

    def features(self) -> FloatArray:
        """Give the rows that this round clusters.

        SpCL: its memory, filled at the first call. GCL + SCL: fresh features beside their refined form (n, 2 d).
        Cluster Contrast, MCL: fresh features.
        """
        if self._config.base == "gcl-scl":
            return self._refine().copy()
        if self._config.base != "spcl":
            return self._fresh().copy()
        if self._memory is None:
            self._memory = self._fresh().copy()
        return self._memory.copy()

    def train(
        self, labels: IntArray, excluded: IntArray, round_: int, weights: FloatArray | None = None
    ) -> float | None:
        """Train one epoch in place and give its mean loss; None when there are not two classes to tell apart.

        Source: UCAL 4.2 (Adam; the rate falls tenfold every `lr_step` epochs).

        Raises:
            DataFormatError: not one label (or weight) per picture.
            ConfigError: weights, and a base whose loss has no place for them.
            RunError: the loss is not finite.
            InterruptedRun: `check` asked for it.
        """
        classes = self._draws.classes(labels, excluded)
        n_classes = int(classes.max()) + 1 if len(classes) else 0
        if n_classes < 2:
            text = f"round {round_}: {n_classes} class(es) to learn from, expected at least 2; training is left out"
            self._sink(Event("warning", {"text": text}))
            return None
        config = self._config
        contrast = self._with_links(self._contrast(classes, self._weighing(weights), round_))
        for group in self._optimiser.param_groups:
            group["lr"] = config.lr * 0.1 ** (round_ // config.lr_step)
        batches, total = self._draws.of(classes, excluded, round_, self._fresh)
        self._forget()
        loss = self._trainer().epoch(self._splits["train"], batches, contrast, config.seed, round_, total)
        remembered = contrast.remembered()
        if remembered is not None:
            self._memory = remembered.cpu().numpy()
        return loss

    def embed(self, split: str) -> FloatArray:
        """Give the features of `query` or `gallery` (or `train`), rows of length 1.

        Raises:
            DataFormatError: there are no pictures of this split.
        """
        if split == "train":
            return self._fresh().copy()
        if split not in self._splits:
            raise DataFormatError(f"embed: expected train, query or gallery with pictures, got {split!r}")
        return self._embed(split)

    def save(self, path: Path) -> None:
        """Write weights, buffers, optimiser and memory as one safetensors file."""
        write_checkpoint(path, self._config, self.model, self._optimiser, self._memory)

    def load(self, path: Path) -> None:
        """Take up what `save` wrote.

        Raises:
            RunError: the file is missing, damaged or of other settings.
        """
        self._memory = read_checkpoint(path, self._config, self.model, self._optimiser, self._n)
        self._forget()

    def _weighing(self, weights: FloatArray | None) -> torch.Tensor | None:
        if weights is None:
            return None
        if self._config.base != "cluster-contrast":
            raise ConfigError(f"weights of rows: expected base 'cluster-contrast', got {self._config.base!r}")
        if weights.shape != (self._n,):
            raise DataFormatError(f"weights: expected one per picture ({self._n}), got shape {weights.shape}")
        return torch.from_numpy(weights).to(self._device)

    def _contrast(self, classes: IntArray, weights: torch.Tensor | None, round_: int) -> Contrast:
        config = self._config
        target = torch.from_numpy(classes).to(self._device)
        if config.base == "gcl-scl":
            return self._gcl_scl(target, round_)
        features = torch.from_numpy(self.features()).to(self._device)
        if config.base == "spcl":
            return Spcl(features, target, tau=config.tau, momentum=config.momentum)
        contrast = ClusterContrast(
            features, target, tau=config.tau, momentum=config.momentum, hard=config.hard, weights=weights
        )
        if self._inside is None:
            return contrast
        polish = Weights(config.mcl_consistency, config.mcl_triplet, config.mcl_margin)
        return Mcl(contrast, torch.from_numpy(self._inside).to(self._device), polish)

    def _with_links(self, contrast: Contrast) -> Contrast:
        """Add the triplet where answers are learnt from."""
        if self._links is None:
            return contrast
        features = torch.from_numpy(self._fresh()).to(self._device)
        margin, weight = self._config.spal_margin, self._config.triplet_weight
        return SupportTriplet(contrast, features, links_of(self._links()), margin=margin, weight=weight)

    def _gcl_scl(self, target: torch.Tensor, round_: int) -> GclScl:
        config = self._config
        graph = self.model.get_submodule("graph")
        assert isinstance(graph, GraphCorrelation)
        words = np.random.SeedSequence((config.seed, _QUERIES, round_)).generate_state(2)
        plain, refined = (
            SelectiveContrast(
                torch.from_numpy(rows).to(self._device),
                target,
                tau=config.tau,
                momentum=config.momentum,
                k=config.scl_k,
                queries=config.scl_queries,
                seed=int(seed),
            )
            for rows, seed in zip((self._fresh(), self._refine()), words, strict=True)
        )
        return GclScl(graph, plain, refined, config.gcl_weight)

    def _refine(self) -> FloatArray:
        if self._refined is None:
            rows = self._fresh()  # of all ranks together
            self._refined = self._ranks.from_first(lambda: self._refined_rows(rows))  # one search for all
        return self._refined

    def _refined_rows(self, rows: FloatArray) -> FloatArray:
        config = self._config
        if self._order is None:
            members = neighbour_graphs(
                rows,
                config.gcl_graph,
                engine=config.neighbours,
                block_rows=config.block_rows,
                device=str(self._device),
                check=self._check,
            )
        else:
            members = ordered_graphs(self._order, config.gcl_graph)
        graph = self.model.get_submodule("graph")
        assert isinstance(graph, GraphCorrelation)
        return refine(graph, rows, members, self._check)

    def _forget(self) -> None:
        """Drop the features: the weights are about to change, or have changed."""
        self._features = self._refined = None

    def _trainer(self) -> Trainer:
        config = self._config
        return Trainer(
            model=self.model,
            optimiser=self._optimiser,
            augment=Augment(config.flip, config.pad, config.erase),
            device=self._device,
            precision=config.precision,
            check=self._check,
            sink=self._sink,
            fixed=self._fixed,
            ranks=self._ranks,
            common=tuple(self.model.get_submodule("graph").parameters()) if config.base == "gcl-scl" else (),
        )

    def _fresh(self) -> FloatArray:
        if self._features is None:
            self._features = self._embed("train")
        return self._features

    def _embed(self, split: str) -> FloatArray:
        return embed(
            self.model,
            self._splits[split],
            batch=self._config.embed_batch,
            device=self._device,
            precision=self._config.precision,
            ranks=self._ranks,
            check=self._check,
            sink=self._sink,
        )


def _build(config: RunConfig, ranks: Ranks, device: torch.device) -> torch.nn.Module:
    """Make the backbone, with GCL's weights as its part `graph` where the base has them; random by `seed`.

    Ranks share the statistics of the backbone's batch norms; the graph sees the whole batch on each of them.
    """
    model = build(config)
    if not ranks.alone:
        model = share_norms(model, gpu=device.type == "cuda")
    if config.base == "gcl-scl":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            d = dimension_of(model)
            graph = GraphCorrelation(d, config.gcl_temperature, config.gcl_length, config.gcl_start)
        model.add_module("graph", graph)
    return model
