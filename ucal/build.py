"""RunConfig -> Parts. Dict literals, no registry."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ucal.annotators import Oracle
from ucal.base_labels import camera_aware_labels, constrained_labels, nothing_clustered, subset_labels, true_labels
from ucal.clustering import make_clusterer
from ucal.config import RunConfig
from ucal.datasets.dataset import SPLITS, Dataset, Split
from ucal.datasets.opening import load_pixels
from ucal.errors import ConfigError, DataError
from ucal.evaluation import Retrieval, retrieval
from ucal.events import Event, Sink, silent
from ucal.imported import imported_links
from ucal.loop import Parts
from ucal.memory import LabelMemory
from ucal.meta import subset_of
from ucal.pretrained import IMAGENET, imagenet_weights
from ucal.proposers.baselines import RandomProposer, SimilarProposer
from ucal.proposers.calibrated import CalibratedUcal
from ucal.proposers.efficient import EfficientProposer
from ucal.proposers.spal import SpalProposer
from ucal.proposers.ucal import UcalProposer
from ucal.ranks import ALONE, Ranks
from ucal.refusals import refuse_nonsense, refuse_ranks
from ucal.runs import Checkpointed, MemoryLog, RunFolder
from ucal.seams import Annotator, AnswerLog, Check, Clusterer, Learner, Proposer, never
from ucal.state import State
from ucal.types import BoolArray, ByteArray, IntArray


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run's owner gives: where its files lie, where answers come from, who listens and who may interrupt."""

    folder: RunFolder
    log: AnswerLog
    people: Annotator | None = None  # needed when config.annotator is `people`
    sink: Sink = silent
    check: Check = never
    proceed: Callable[[State], bool] = lambda state: False
    stop: Callable[[State], bool] = lambda state: False
    ranks: Ranks = ALONE  # who trains together; the loop runs on the first of them


def build(config: RunConfig, dataset: Dataset, around: Surroundings) -> Parts:
    """Put a run together.

    Raises:
        ConfigError: settings that cannot go together, or not with this data.
        DataError: an image of the data set cannot be opened any more.
    """
    refuse_nonsense(config, dataset)
    refuse_ranks(config, around.ranks)
    set_threads(config.threads)
    if config.train and config.weights == IMAGENET:  # before anything is opened, and with a progress bar
        around.ranks.from_first(lambda: str(imagenet_weights(config.backbone, sink=around.sink)))
    if config.train and config.weights is None:
        text = (
            "weights: none given, the net starts from random numbers, and clusters and questions mean little at first"
        )
        around.sink(Event("warning", {"text": text}))
    identities = dataset.identities("train")
    learner = _learner(config, dataset, around)
    if not around.ranks.alone:
        learner = _leading(learner, config, around)
    asks = proposer(config, _cameras(dataset))
    return Parts(
        config=config,
        n=len(dataset.train),
        learner=Checkpointed(learner, around.folder),
        cluster=_clusterer(config, dataset, around),
        propose=asks,
        annotate=_annotator(config, identities, around),
        log=around.log,
        folder=around.folder,
        truth=identities if dataset.has_truth else None,
        evaluate=lambda trained: _evaluate(dataset, trained, cluster_device_of(config)),
        sink=around.sink,
        proceed=around.proceed,
        stop=around.stop,
        constrain=constrained_labels(config, _subset(config, dataset)) if config.policy == "spal" else None,
        imported=imported_links(dataset.train) if config.imported_links else (),
        organise=asks if isinstance(asks, EfficientProposer | CalibratedUcal) else None,
    )


def follow(config: RunConfig, dataset: Dataset, around: Surroundings) -> None:
    """Do this rank's part of a run that the first rank builds and drives, until that one ends it.

    Raises:
        ConfigError, DataError: as `build` does.
        RunError: the first rank is gone.
    """
    from ucal.learners.ranked import follow as follow_learner

    refuse_nonsense(config, dataset)
    refuse_ranks(config, around.ranks)
    set_threads(config.threads)
    if config.weights == IMAGENET:
        around.ranks.receive()  # the first rank has fetched them
    log = MemoryLog()
    learner = _learner(config, dataset, dataclasses.replace(around, log=log))
    follow_learner(learner, around.ranks, log)


def _leading(learner: Learner, config: RunConfig, around: Surroundings) -> Learner:
    from ucal.learners.ranked import LeadingLearner

    answers = around.log.read if config.triplet_weight > 0 else None
    return LeadingLearner(learner, around.ranks, answers)


def device_of(config: RunConfig) -> str:
    """Give the device that `auto` means here."""
    import torch

    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device: expected a CUDA device for 'cuda', this machine offers none (use auto or cpu)")
    return ("cuda" if torch.cuda.is_available() else "cpu") if config.device == "auto" else config.device


def cluster_device_of(config: RunConfig) -> str:
    """Give the device that clusters and scores.

    Raises:
        ConfigError: `cuda` where there is none.
    """
    import torch

    if config.cluster_device == "same":
        return device_of(config)
    if config.cluster_device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "cluster_device: expected a CUDA device for 'cuda', this machine offers none (use same or cpu)"
        )
    return config.cluster_device


def _clusterer(config: RunConfig, dataset: Dataset, around: Surroundings) -> Clusterer:
    if config.base == "supervised":
        return true_labels(dataset.identities("train"))
    if organises(config) and not config.train and config.query_from == 0:
        return nothing_clustered  # the policy makes the labels of every round
    cameras = _cameras(dataset)
    inside = _subset(config, dataset)
    if inside is not None:
        cameras = [cameras[row] for row in np.flatnonzero(inside).tolist()]
    if config.camera_jaccard:
        cluster = camera_aware_labels(config, cameras, around.check)
    else:
        cluster = make_clusterer(
            config, cluster_device_of(config), cameras=cameras, check=around.check, sink=around.sink
        )
    return cluster if inside is None else subset_labels(cluster, inside, config.tau, config.mcl_sure)


def organises(config: RunConfig) -> bool:
    """Say whether the policy makes the labels too."""
    return config.policy == "efficient" or config.first_cut == "calibrated"


def _subset(config: RunConfig, dataset: Dataset) -> BoolArray | None:
    """Give MCL's X1, (n,)."""
    return subset_of(len(dataset.train), config.mcl_rho, config.seed) if config.base == "mcl" else None


def _cameras(dataset: Dataset) -> list[int | None]:
    return [image.camera for image in dataset.train]


def set_threads(threads: int) -> None:
    """Bound torch's threads; 0 = what OMP_NUM_THREADS says, else one per core.

    More threads than free cores make every small operation wait for a thread that does not run.
    """
    import os

    import torch

    wished = os.environ.get("OMP_NUM_THREADS", "")
    torch.set_num_threads(threads or (int(wished) if wished.isdigit() else 0) or os.cpu_count() or 1)


def proposer(config: RunConfig, cameras: Sequence[int | None] | None = None) -> Proposer | None:
    """Give the policy's proposer; a baseline's budget is spread evenly over the asking rounds."""
    if config.policy == "none":
        return None
    if config.budget_per_round is None and config.budget is not None and config.policy in ("random", "similar"):
        rounds = max(1, config.epochs - config.query_from)
        config = config.replace(budget_per_round=max(1, -(-config.budget // rounds)))
    proposers: dict[str, Callable[[RunConfig], Proposer]] = {
        "ucal": CalibratedUcal if config.first_cut == "calibrated" else UcalProposer,
        "efficient": lambda config: EfficientProposer(config, cameras),
        "random": RandomProposer,
        "similar": SimilarProposer,
        "spal": SpalProposer,
    }
    return proposers[config.policy](config)


def _annotator(config: RunConfig, identities: IntArray, around: Surroundings) -> Annotator:
    if config.policy == "none":
        return lambda questions: ()
    if config.annotator == "oracle":
        return Oracle(identities, config.seed, config.error, config.unsure)
    if around.people is None:
        raise ConfigError("annotator 'people' needs the server: run it there, or use annotator 'oracle'")
    return around.people


def _learner(config: RunConfig, dataset: Dataset, around: Surroundings) -> Learner:
    from ucal.learners.frozen import FrozenLearner
    from ucal.learners.learner import ImageLearner

    if dataset.features is not None:
        return FrozenLearner(dataset.features, dataset.query_features, dataset.gallery_features)
    pixels = {split: _pixels(config, dataset, split, around) for split in SPLITS}
    return ImageLearner(
        config,
        pixels["train"],
        dataset.cameras("train"),
        pixels["query"],
        pixels["gallery"],
        links=_links(config, dataset, around),
        order=_graph_order(config, dataset, around.sink),
        ranks=around.ranks,
        check=around.check,
        sink=around.sink,
    )


def _links(config: RunConfig, dataset: Dataset, around: Surroundings) -> Callable[[], LabelMemory] | None:
    """Give what the triplet learns from: the answers, as they stand when it asks."""
    if config.triplet_weight == 0:
        return None
    imported = imported_links(dataset.train) if config.imported_links else ()
    return lambda: LabelMemory(len(dataset.train), config.memory, around.log.read(), imported)


def _graph_order(config: RunConfig, dataset: Dataset, sink: Sink) -> IntArray | None:
    """Give the order of the rows that GCL's graphs are cut from; None = graphs of nearest rows."""
    if config.base != "gcl-scl" or config.gcl_order == "neighbours":
        return None
    if config.gcl_order == "names-leak-identities":
        text = (
            "gcl_order: graphs are cut from the sorted file names, which begin with the identity in the benchmark "
            "collections: identities leak into training, and the result is not an unsupervised one"
        )
        sink(Event("warning", {"text": text}))
        return np.argsort(np.array([image.key for image in dataset.train]), kind="stable")
    cameras = dataset.cameras("train")
    times = np.array([image.time for image in dataset.train], dtype=np.float64)
    return np.lexsort((times, cameras))


def _pixels(config: RunConfig, dataset: Dataset, split: Split, around: Surroundings) -> ByteArray:
    images = dataset.images(split)
    if not images:
        return np.zeros((0, config.height, config.width, 3), np.uint8)
    pixels, bad = load_pixels(
        images, config.height, config.width, folder=around.folder.root, sink=around.sink, check=around.check
    )
    if bad:
        raise DataError(
            f"{len(bad)} image(s) of {dataset.name!r} cannot be opened, first {bad[0].path}: {bad[0].reason}"
        )
    return pixels


def _evaluate(dataset: Dataset, learner: Learner, device: str) -> Retrieval | None:
    if not dataset.has_evaluation:
        return None
    return retrieval(
        learner.embed("query"),
        learner.embed("gallery"),
        dataset.identities("query"),
        dataset.identities("gallery"),
        dataset.cameras("query"),
        dataset.cameras("gallery"),
        device=device,
    )
