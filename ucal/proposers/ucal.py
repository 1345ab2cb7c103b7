"""UCAL's proposer: contradictions first, then splits, merges on the split result, and MCL's proposals."""

from __future__ import annotations

from collections.abc import Sequence

from ucal.config import RunConfig
from ucal.errors import ConfigError
from ucal.proposers.groups import ask_rows
from ucal.proposers.mpps import propose_merges
from ucal.proposers.proxy import propose_proxies
from ucal.proposers.snps import propose_splits
from ucal.seams import Scene
from ucal.suspects import suspected
from ucal.types import Question, Reason


class UcalProposer:
    """Ask what UCAL asks; on MCL, last about rows outside the clustered subset.

    Source: UCAL 3.3; differs: contradictions are asked again first; `ask_first=merges` asks merges before splits.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        asked = [*(["split"] if config.snps else []), *(["merge"] if config.mpps else [])]
        self.stages: tuple[str, ...] = (
            "conflict",
            *(asked if config.ask_first == "splits" else reversed(asked)),
            *(["proxy"] if config.base == "mcl" and config.mcl_ask > 0 else []),
        )

    def __call__(self, scene: Scene) -> Sequence[Question]:
        """Give one stage's questions, best first."""
        if scene.stage not in self.stages:
            raise ConfigError(f"stage: expected one of {', '.join(self.stages)}, got {scene.stage!r}")
        if scene.stage == "conflict":
            return propose_conflicts(scene)
        propose = {"split": propose_splits, "merge": propose_merges, "proxy": propose_proxies}[scene.stage]
        return propose(scene, self.config)


def propose_conflicts(scene: Scene) -> list[Question]:
    """Ask the pairs of answers that cannot all be true once more, the likeliest wrong first; no images called bad."""
    bad = set(scene.memory.bad_rows().tolist())
    pairs = dict.fromkeys(pair for conflict in suspected(scene.memory, scene.features) for pair in conflict.pairs)
    return [ask_rows(scene, Reason.CONFLICT, *pair) for pair in pairs if not bad.intersection(pair)]
