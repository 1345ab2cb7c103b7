"""Which rows a round learns from, as which classes, in which batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ucal.config import RunConfig
from ucal.errors import DataFormatError
from ucal.learners.mcl import polishing_batches, uniform_batches
from ucal.learners.sampler import pk_batches
from ucal.learners.spcl import with_singletons
from ucal.meta import annotate, meta_prototypes
from ucal.types import OUTLIER, BoolArray, FloatArray, IntArray

_SAMPLER, _REST = 11, 14  # streams of randomness under one seed


@dataclass(frozen=True, slots=True)
class Batches:
    """Draws a round's batches; all randomness follows from (config.seed, round).

    cameras (n,) or None; inside (n,) bool: MCL's X1, None for the other bases.
    """

    config: RunConfig
    n: int
    cameras: IntArray | None
    inside: BoolArray | None

    def classes(self, labels: IntArray, excluded: IntArray) -> IntArray:
        """Give each row's class, 0..c-1, -1 = not learnt from; SpCL's outliers are classes of their own.

        Raises:
            DataFormatError: not one label per picture.
        """
        if labels.shape != (self.n,):
            raise DataFormatError(f"labels: expected one per picture ({self.n}), got shape {labels.shape}")
        if self.inside is not None:
            labels = np.where(self.inside, labels, OUTLIER)
        classes = with_singletons(labels, excluded)
        if self.config.base != "spcl":
            classes[labels == OUTLIER] = OUTLIER
        return classes

    def of(
        self, classes: IntArray, excluded: IntArray, round_: int, rows: Callable[[], FloatArray]
    ) -> tuple[Iterator[IntArray], int]:
        """Give the round's batches of rows, and how many they are; `rows` gives the features now (MCL's proxies)."""
        config = self.config
        own = self._drawn(classes, _SAMPLER, round_)
        if self.inside is None:
            return own, config.iterations
        free = ~self.inside
        free[excluded] = False
        rest = np.flatnonzero(free)
        if len(rest) == 0:
            return own, config.iterations
        if config.mcl_batches == "uniform":
            size = config.identities_per_batch * config.images_per_identity
            rng = np.random.default_rng((config.seed, _REST, round_))
            others = uniform_batches(rest, rng, size, config.iterations)
        else:
            proxies, features = np.full(len(classes), OUTLIER, np.int64), rows()
            proxies[rest] = annotate(features[rest], meta_prototypes(features, classes), config.tau)[0]
            others = self._drawn(proxies, _REST, round_)
        joint = config.mcl_polish == "joint"
        return polishing_batches(own, others, joint=joint), config.iterations * (1 if joint else 2)

    def _drawn(self, classes: IntArray, stream: int, round_: int) -> Iterator[IntArray]:
        config = self.config
        return pk_batches(
            classes,
            self.cameras,
            np.random.default_rng((config.seed, stream, round_)),
            config.identities_per_batch,
            config.images_per_identity,
            config.iterations,
        )
