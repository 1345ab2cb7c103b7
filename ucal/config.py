"""RunConfig: every setting of a run, one field and one comment each; stored whole with the run."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, Self

from ucal.errors import ConfigError

Base = Literal["spcl", "cluster-contrast", "gcl-scl", "mcl", "supervised"]
Policy = Literal["none", "ucal", "efficient", "similar", "random", "spal"]
BackboneName = Literal["small", "mobilenet-v2", "resnet18", "resnet34", "resnet50"]


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Settings of one run. Defaults are the papers'; `docs/methods.md` says which reading is whose."""

    # -- what runs
    base: Base = "cluster-contrast"  # how features are learnt between questions (supervised: the upper bound)
    policy: Policy = "ucal"  # what is asked
    annotator: Literal["oracle", "people"] = "oracle"  # who answers (people: through the web)
    seed: int = 0  # the only source of randomness
    epochs: int = 50  # rounds (cluster -> ask -> train one epoch)
    query_from: int = 15  # first round that asks questions
    train: bool = True  # False: features are given and stay as they are

    # -- asking
    snps: bool = True  # split questions (UCAL 3.2.1)
    mpps: bool = True  # merge questions (UCAL 3.2.2)
    memory: Literal["closure", "pair"] = (
        "closure"  # closure: answers are inferred from; pair: only the identical pair is remembered
    )
    imported_links: bool = False  # a tracklet's rows are the same, a frame's different; people outweigh that
    budget: int | None = None  # answers in the whole run; None = no limit (SPAL: 2 n)
    budget_per_round: int | None = None  # answers in one round; None = no limit
    budget_actions: int | None = None  # key presses or clicks in the whole run; the last page may take it a little over
    snps_k_max: Literal["at-least-2", "literal"] = (
        "at-least-2"  # k_max = sqrt(|C|/2)/2: floored but at least 2, or as printed
    )
    snps_min_group: int = 1  # smallest group a split may propose (rows)
    snps_similarity: Literal["cosine", "jaccard"] = "cosine"  # similarity of Eqs. 2-4
    snps_min_cluster: int = 4  # clusters below this size are not split (rows)
    medoids: Literal["own", "scikit-learn-extra"] = "own"  # k-medoids engine
    mpps_delta: float = 0.3  # threshold of d* (Eq. 6)
    mpps_l_max: int = 10  # candidates per centroid
    mpps_crossing: Literal["first", "last"] = "first"  # which l with d*_l > delta ends the list
    mpps_known: Literal["pair", "cluster"] = "pair"  # not asked again: the pair, or clusters known to differ
    spal_triplet: float = 1.0  # SPAL: weight of the triplet over answered rows
    spal_margin: float = 1.0  # SPAL and answer_triplet: the triplet's margin
    answer_triplet: float = 0.0  # policies but SPAL: weight of that triplet beside the base's loss; 0 = none
    unconfirmed: Literal["whole", "probability"] = (
        "whole"  # efficient: a row that only the model put into its cluster counts 1 in the loss, or P(same)
    )
    merge_cap: float = 0.2  # merges per round, as a share of the clusters
    error: float = 0.0  # oracle: share of wrong answers
    unsure: float = 0.0  # oracle: share of unsure answers
    exemplars: int = 4  # spare images a side besides the medoid
    cards: int = 14  # efficient: calibration cards before the first page
    page_tiles: int = 24  # efficient: most tiles on a page (8 suits a phone)
    expected_error: float = 0.0  # efficient: people's share of wrong answers; above 0, surprising ones are asked again
    second_look: Literal["surprise", "size"] = (
        "surprise"  # efficient, expected_error above 0: asked again is what is improbable, or all between groups of 4
    )
    pages_per_round: int = 1  # efficient: plans in a round; each is a batch of pages
    ask_ahead: int = 0  # efficient, people: most pages that stay open while the model trains; 0 = none, they wait
    idle_rounds: int = (
        0  # rounds in a row without an answer, the last with nothing left to ask, that end training; 0 = never
    )
    without: Literal["nothing", "whitening", "calibration", "atoms", "metric", "belief", "audits"] = (
        "nothing"  # efficient: an ingredient that is left out, to see what it is worth
    )
    ask_first: Literal["splits", "merges"] = "splits"  # ucal: what a round asks first; matters where a budget ends it
    first_cut: Literal["base", "calibrated"] = (
        "base"  # ucal: the clusters to start from: the base's, or a tree cut where a few cards say (train=false)
    )

    # -- clustering
    k1: int = 30  # k-reciprocal neighbours, self included
    k2: int = 6  # local query expansion
    eps: float = 0.6  # DBSCAN radius on the Jaccard distance
    eps_gap: float = 0.02  # SpCL: tight = eps - gap, loose = eps + gap
    min_samples: int = 4  # DBSCAN, the point itself included
    camera_centre: bool = False  # subtract each camera's mean feature before clustering
    camera_jaccard: bool = False  # neighbours balanced over cameras (CA-Jaccard) instead of k1 and k2
    camera_k1_intra: int = 5  # CA-Jaccard: k-reciprocal neighbours of the row's own camera, itself included
    camera_k1_inter: int = 20  # CA-Jaccard: k-reciprocal neighbours of other cameras
    camera_k2_intra: int = 2  # CA-Jaccard: query expansion over the row's own camera
    camera_k2_inter: int = 4  # CA-Jaccard: query expansion over other cameras
    neighbours: Literal["torch", "faiss", "screened", "faiss-ivf", "faiss-hnsw"] = (
        "torch"  # nearest neighbours: torch and faiss are exact, the others approximate (and say how good they are)
    )
    block_rows: int = 2048  # rows per block of the neighbour search (bounds memory)
    search_candidates: int = 64  # approximate engines: rows compared exactly, for each row
    search_length: int = 256  # screened: numbers that a row is projected to
    search_probes: int = 32  # faiss-ivf: lists looked into
    search_links: int = 128  # faiss-hnsw: efSearch
    search_checked: int = 256  # approximate engines: rows searched once more, exactly, to count differences
    cluster_device: Literal["same", "cpu", "cuda"] = (
        "same"  # where neighbours, distance, labels and retrieval scores are computed; same: as `device`
    )

    # -- learning
    backbone: BackboneName = "resnet50"
    weights: str | None = (
        None  # a file (safetensors, state dict); None = random; "start" = packaged, of `small`; "imagenet" = fetched
    )
    height: int = 256  # input size, pixels
    width: int = 128
    pooling: Literal["gap", "gem"] = "gap"
    iterations: int = 400  # optimiser steps per epoch
    identities_per_batch: int = 16  # P of the PK sampler
    images_per_identity: int = 4  # K of the PK sampler
    lr: float = 3.5e-4  # Adam
    weight_decay: float = 5e-4
    lr_step: int = 20  # lr x 0.1 every so many epochs
    tau: float = 0.05  # temperature
    momentum: float | None = None  # memory momentum; None = the base's own (SpCL .2, the others .1)
    hard: bool = False  # Cluster Contrast: update with the least similar member only
    gcl_order: Literal["neighbours", "camera-time", "names-leak-identities"] = (
        "neighbours"  # GCL's graphs: nearest rows; cut from cameras' time lines; cut from file names (the paper's)
    )
    gcl_graph: int = 16  # GCL: rows in a graph, itself included
    gcl_temperature: float = 5.0  # GCL: T of the attention
    gcl_start: Literal["random", "identity"] = "random"  # GCL: theta's and phi's weights before training
    gcl_length: Literal["whole", "halves"] = "whole"  # GCL: [v, v~] at length 1 as it is, or v~ at length 1 before
    gcl_weight: float = 0.5  # GCL + SCL: lambda, the weight of the refined features' loss
    scl_k: int = 2  # SCL: queries of each class that count, the least similar ones
    scl_queries: Literal["hardest", "average", "random"] = (
        "hardest"  # SCL: what moves a centroid and counts: its scl_k hardest queries; all, by their mean; one drawn
    )
    mcl_rho: float = 0.5  # MCL: share of the rows that is clustered (X1)
    mcl_polish: Literal["joint", "after"] = "joint"  # MCL: X1 and the rest in every step, or X1's steps first
    mcl_batches: Literal["proxy", "uniform"] = (
        "proxy"  # MCL: rest batches of P likeliest prototypes x K, or of any rows
    )
    mcl_consistency: float = 1.0  # MCL: weight of the consistency loss
    mcl_triplet: float = 1.0  # MCL: weight of the soft-weighted triplet loss
    mcl_margin: float = 0.3  # MCL: the triplet's margin
    mcl_sure: float = 0.5  # MCL: least share of the soft label that makes a proposal a label
    mcl_ask: float = 0.2  # MCL: questions per round about rows without a label, as a share of the clusters
    flip: float = 0.5  # probability of a horizontal flip
    pad: int = 10  # zero padding before the random crop, pixels
    erase: float = 0.5  # probability of random erasing
    precision: Literal["float32", "bf16", "auto"] = "float32"  # autocast to bf16; auto: where it is fast
    embed_batch: int = 256  # images per forward pass

    # -- measuring and machine
    evaluate_every: int = 1  # rounds between held-out evaluations (the last round is always evaluated)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0  # CPU threads; 0 = OMP_NUM_THREADS, else all cores

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for field_ in dataclasses.fields(self):
            _check_type(field_.name, getattr(self, field_.name), _HINTS[field_.name])
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name}: expected {low} to {high}, got {value!r}")

    @property
    def triplet_weight(self) -> float:
        """Give the weight of the triplet over answered rows; 0 = there is none."""
        if self.policy == "none":
            return 0.0
        return self.spal_triplet if self.policy == "spal" else self.answer_triplet

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build from a JSON object; an unknown key is an error that lists close names."""
        names = [field_.name for field_ in dataclasses.fields(cls)]
        for key in data:
            if key not in names:
                raise ConfigError(_unknown(key, names))
        return cls(**{key: _coerce(value, _HINTS[key]) for key, value in data.items()})

    def to_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict of every setting."""
        return dataclasses.asdict(self)

    def replace(self, **changes: Any) -> Self:
        """Give a copy with some settings changed; unknown names are a `ConfigError`."""
        return self.from_dict(self.to_dict() | changes)


def parse_setting(text: str) -> tuple[str, Any]:
    """Read one `key=value` of the command line; the value is read as the field's type asks."""
    key, sign, value = text.partition("=")
    if not sign:
        raise ConfigError(f"--set: expected key=value, got {text!r}")
    if key not in _HINTS:
        raise ConfigError(_unknown(key, list(_HINTS)))
    return key, _coerce(value, _HINTS[key], from_text=True)


def _unknown(key: str, names: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(key, names, n=3)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return f"unknown setting {key!r}: expected one of the fields of RunConfig{hint}"


def _options(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _coerce(value: Any, hint: Any, *, from_text: bool = False) -> Any:
    """Turn JSON's or the command line's value into the field's type where that loses nothing."""
    options = _options(hint)
    if float in options and type(value) is int:
        return float(value)
    if not from_text or not isinstance(value, str):
        return value
    if type(None) in options and value.lower() in ("none", "null"):
        return None
    if bool in options and value.lower() in ("true", "false", "yes", "no", "1", "0"):
        return value.lower() in ("true", "yes", "1")
    for kind in (int, float):
        if kind in options:
            try:
                return kind(value)
            except ValueError:
                continue
    return value


def _check_type(name: str, value: Any, hint: Any) -> None:
    for option in _options(hint):
        if typing.get_origin(option) is Literal:
            if value in typing.get_args(option) and isinstance(value, str):
                return
        elif type(value) is option:
            return
    raise ConfigError(f"{name}: expected {_describe(hint)}, got {value!r}")


def _describe(hint: Any) -> str:
    words = []
    for option in _options(hint):
        if typing.get_origin(option) is Literal:
            words += [repr(choice) for choice in typing.get_args(option)]
        else:
            words.append("none" if option is type(None) else option.__name__)
    return " or ".join(words)


_HINTS: dict[str, Any] = typing.get_type_hints(RunConfig)
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("seed", 0, 2**31 - 1),
    ("epochs", 1, 100_000),
    ("query_from", 0, 100_000),
    ("budget", 0, 10**12),
    ("budget_per_round", 1, 10**12),
    ("budget_actions", 0, 10**12),
    ("snps_min_group", 1, 10**9),
    ("snps_min_cluster", 2, 10**9),
    ("mpps_delta", 0.0, 1.0),
    ("mpps_l_max", 1, 10**6),
    ("spal_triplet", 0.0, 1e6),
    ("spal_margin", 0.0, 2.0),
    ("answer_triplet", 0.0, 1e6),
    ("merge_cap", 0.0, 1.0),
    ("error", 0.0, 1.0),
    ("unsure", 0.0, 1.0),
    ("exemplars", 0, 24),
    ("cards", 2, 1000),
    ("expected_error", 0.0, 0.5),
    ("page_tiles", 1, 24),
    ("pages_per_round", 1, 10**4),
    ("ask_ahead", 0, 10**4),
    ("idle_rounds", 0, 100_000),
    ("k1", 2, 10**4),
    ("k2", 1, 10**4),
    ("eps", 0.0, 1.0),
    ("eps_gap", 0.0, 0.5),
    ("min_samples", 1, 10**6),
    ("camera_k1_intra", 1, 10**4),
    ("camera_k1_inter", 0, 10**4),
    ("camera_k2_intra", 1, 10**4),
    ("camera_k2_inter", 0, 10**4),
    ("block_rows", 1, 10**7),
    ("search_candidates", 1, 10**5),
    ("search_length", 1, 10**5),
    ("search_probes", 1, 10**6),
    ("search_links", 1, 10**5),
    ("search_checked", 0, 10**6),
    ("height", 16, 4096),
    ("width", 16, 4096),
    ("iterations", 1, 10**7),
    ("identities_per_batch", 2, 10**5),
    ("images_per_identity", 1, 10**4),
    ("lr", 0.0, 10.0),
    ("weight_decay", 0.0, 1.0),
    ("lr_step", 1, 10**6),
    ("tau", 1e-4, 10.0),
    ("momentum", 0.0, 1.0),
    ("gcl_graph", 1, 4096),
    ("gcl_temperature", 0.0, 1e6),
    ("gcl_weight", 0.0, 1e6),
    ("scl_k", 1, 10**6),
    ("mcl_rho", 0.0, 1.0),
    ("mcl_consistency", 0.0, 1e6),
    ("mcl_triplet", 0.0, 1e6),
    ("mcl_margin", 0.0, 2.0),
    ("mcl_sure", 0.0, 1.0),
    ("mcl_ask", 0.0, 1e6),
    ("flip", 0.0, 1.0),
    ("pad", 0, 512),
    ("erase", 0.0, 1.0),
    ("embed_batch", 1, 10**6),
    ("evaluate_every", 1, 10**6),
    ("threads", 0, 4096),
)
