"""What a run refuses before any work is done: settings that cannot go together, or not with its data."""

from __future__ import annotations

from ucal.config import RunConfig
from ucal.datasets.dataset import Dataset
from ucal.errors import ConfigError
from ucal.imported import FORMATS
from ucal.neighbours import EXACT
from ucal.ranks import Ranks


def refuse_nonsense(config: RunConfig, dataset: Dataset) -> None:
    """Refuse what cannot work, before any work is done.

    Raises:
        ConfigError: says what was expected and what came.
    """
    n = len(dataset.train)
    if n < 2:
        raise ConfigError(f"a run needs at least 2 images to compare, {dataset.name!r} has {n}")
    if config.train and dataset.features is not None:
        raise ConfigError("these data are features without images: nothing can be trained (set train=false)")
    if not config.train and dataset.features is None:
        raise ConfigError("train=false needs given features: make them with `ucal embed`")
    _refuse_base(config, dataset)
    _refuse_distance(config, dataset)
    _refuse_policy(config)
    _refuse_unconfirmed(config)
    _refuse_imports(config, dataset)
    if config.annotator == "oracle" and config.policy != "none" and not dataset.has_truth:
        raise ConfigError(
            "annotator 'oracle' answers from the identities, and these data have none for some images: "
            "use annotator 'people', or policy 'none'"
        )


def _refuse_distance(config: RunConfig, dataset: Dataset) -> None:
    """Refuse a distance that these data have not, or that would not be used as it was asked for."""
    if config.camera_jaccard:
        cameras = {image.camera for image in dataset.train}
        if None in cameras or len(cameras) < 2:
            raise ConfigError(
                "camera_jaccard needs the camera of every image and at least two cameras, and these data have not: "
                "set camera_jaccard=false"
            )
        if config.neighbours not in EXACT:
            raise ConfigError(
                f"camera_jaccard searches exactly: expected neighbours {' or '.join(EXACT)}, got {config.neighbours!r}"
            )
    if config.snps_similarity == "jaccard" and config.policy == "ucal" and config.snps:
        if config.base == "mcl" and config.mcl_rho < 1.0:
            raise ConfigError(
                "snps_similarity 'jaccard' needs the distances of all rows, and base 'mcl' works out those of its "
                f"clustered share alone (mcl_rho {config.mcl_rho}): use 'cosine'"
            )
        if config.first_cut == "calibrated":
            raise ConfigError("snps_similarity 'jaccard' needs distances, and first_cut 'calibrated' works out none")


def _refuse_policy(config: RunConfig) -> None:
    """Refuse settings of a policy that cannot go together."""
    if config.first_cut == "calibrated" and (config.policy != "ucal" or config.train or config.query_from > 0):
        raise ConfigError("first_cut 'calibrated' is for policy 'ucal' on given features from the first round on")
    if config.policy in ("random", "similar") and config.budget is None and config.budget_per_round is None:
        raise ConfigError(f"policy {config.policy!r} would ask for every pair: set budget or budget_per_round")
    if config.policy != "efficient" and config.ask_ahead > 0:
        raise ConfigError(
            f"ask_ahead is for policy 'efficient', whose pages may be asked while the model trains; "
            f"got policy {config.policy!r}: set ask_ahead=0"
        )
    if config.policy == "efficient" and config.memory == "pair":
        raise ConfigError("policy 'efficient' rests on inference: expected memory 'closure', got 'pair'")


def _refuse_unconfirmed(config: RunConfig) -> None:
    """Refuse weights of unconfirmed links where nothing knows or nothing uses them."""
    if config.unconfirmed == "whole":
        return
    if config.policy != "efficient" or config.base != "cluster-contrast" or not config.train:
        raise ConfigError(
            "unconfirmed 'probability' needs policy 'efficient', which knows P(same), and base 'cluster-contrast' "
            f"with train=true, whose loss weighs by it; got policy {config.policy!r}, base {config.base!r}, "
            f"train={str(config.train).lower()}"
        )


def _refuse_imports(config: RunConfig, dataset: Dataset) -> None:
    """Refuse links from data whose tracklets and frames mean something else, or a memory that infers nothing."""
    if config.imported_links and dataset.format not in FORMATS:
        raise ConfigError(
            "imported_links needs the tracklets and frames of a manifest or of a pattern of one's own, "
            f"these data are of the format {dataset.format!r}: set imported_links=false"
        )
    if config.imported_links and config.memory == "pair":
        raise ConfigError("imported_links join tracklets by inference: expected memory 'closure', got 'pair'")


def _refuse_base(config: RunConfig, dataset: Dataset) -> None:
    """Refuse a base that cannot work with these settings or these data."""
    if config.base == "supervised":
        if not dataset.has_truth:
            raise ConfigError(
                "base 'supervised' learns from the identities, and these data have none for some images: "
                "use another base"
            )
        if config.policy != "none":
            raise ConfigError(
                f"base 'supervised' knows every identity, so policy {config.policy!r} has nothing to ask: "
                "set policy=none"
            )
        if not config.train:
            raise ConfigError("base 'supervised' is training alone: train=false leaves nothing to do")
    if config.base == "gcl-scl":
        if not config.train:
            raise ConfigError(
                "base 'gcl-scl' learns how rows refine each other: train=false leaves its graphs at random weights; "
                "use another base"
            )
        known = all(image.time is not None and image.camera is not None for image in dataset.train)
        if config.gcl_order == "camera-time" and not known:
            raise ConfigError(
                "gcl_order 'camera-time' needs the camera and the time of every image, and some have none: "
                "give them in a manifest, or use 'neighbours'"
            )


def refuse_ranks(config: RunConfig, ranks: Ranks) -> None:
    """Refuse processes that have no training to share, or not an image each.

    Raises:
        ConfigError: says what was expected and what came.
    """
    if ranks.alone:
        return
    if not config.train:
        raise ConfigError(f"{ranks.world} processes share training, and train=false leaves nothing to share: start one")
    ranks.part(config.identities_per_batch * config.images_per_identity)
