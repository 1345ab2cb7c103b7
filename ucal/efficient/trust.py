"""How far each row's place in its cluster can be trusted, for training on clusters that people have half confirmed."""

from __future__ import annotations

import numpy as np

from ucal.efficient.components import Components
from ucal.efficient.pages import Candidates
from ucal.types import FloatArray


def trust(parts: Components, tiles: Candidates) -> FloatArray:
    """Give P(same) of each row with its cluster's anchor, (n,) in 0..1.

    1 for the rows of anchors and for bad images (in no component); a row of another component of the
    cluster has that component's p, because the model alone put it there.
    """
    sure = np.ones(parts.count + 1)  # the last place is that of bad images
    attached = tiles.inside & (tiles.row < 0)
    sure[tiles.group[attached]] = tiles.p[attached]
    weights: FloatArray = sure[parts.of].astype(np.float32)
    return weights
