"""Which runs make which table. A preset is settings, data it needs, and variants of one run beside published rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ucal.benchmark.published import CC_PAGE, GCL1, GCL2, GCL3, TABLE1, TABLE2, Published, figure
from ucal.errors import ConfigError
from ucal.presets import preset

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the table: what it changes in the preset's settings.

    `answers_of` names the variant whose answers, seed by seed, are this one's budget (a control).
    `optional` variants run only when they are asked for by name.
    """

    name: str
    title: str
    settings: Settings
    published: Published | None = None
    answers_of: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A table: the data, the settings common to its runs, its rows, and published rows of others.

    `format` is the layout of the data; `generated` says that data are made (one set a seed) where none
    are given. `held_out` is the share of identities kept for query and gallery where the set has none.
    `measures`: retrieval after the last epoch, or the effort that people spend until the clusters are right
    (frozen features, all of a run's rounds count).
    """

    name: str
    title: str
    description: str
    format: str
    settings: Settings
    variants: tuple[Variant, ...]
    others: tuple[Published, ...] = ()
    held_out: float = 0.0
    generated: bool = False
    bases: tuple[str, ...] = field(default=("spcl",))
    measures: Literal["retrieval", "effort"] = "retrieval"

    def variant(self, name: str) -> Variant:
        """Find a variant.

        Raises:
            ConfigError: there is none of this name.
        """
        for candidate in self.variants:
            if candidate.name == name:
                return candidate
        known = ", ".join(v.name for v in self.variants)
        raise ConfigError(f"variant of {self.name}: expected one of {known}, got {name!r}")


# -- settings of the papers ------------------------------------------------------------------------

# UCAL 4.2 and the recipe of its base: 400 iterations of 16 x 4 (800 on MSMT17). The label memory is the paper's.
_UCAL: Settings = {"weights": "imagenet", "memory": "pair"}
_ITERATIONS: dict[str, Settings] = {"msmt17": {"iterations": 800}}
# Cluster Contrast: 16 x 16; 200 iterations on Market-1501 and DukeMTMC-reID, 400 elsewhere; vehicles at 224 x 224.
_CC: Settings = {"weights": "imagenet", "images_per_identity": 16, "iterations": 200}
_CC_OF: dict[str, Settings] = {
    "msmt17": {"iterations": 400},
    "veri776": {"iterations": 400, "height": 224, "width": 224},
}
# GCL + SCL, implementation details: 16 x 8, 60 epochs.
_GCL: Settings = {"weights": "imagenet", "images_per_identity": 8, "epochs": 60}
_TITLES = {"market1501": "Market-1501", "dukemtmc": "DukeMTMC-reID", "msmt17": "MSMT17", "veri776": "VeRi-776"}

_NONE: Settings = {"policy": "none"}
_SNPS: Settings = {"policy": "ucal", "mpps": False}
_MPPS: Settings = {"policy": "ucal", "snps": False}
_BOTH: Settings = {"policy": "ucal"}
_SUPERVISED: Settings = {"base": "supervised", "policy": "none"}
_RANDOM = Variant("random", "as many random pairs as both asked", {"policy": "random"}, answers_of="both")
_OPTIONAL = (
    Variant("efficient", "the efficient policy", {"policy": "efficient"}, optional=True),
    Variant("spal", "SPAL's selection", {"policy": "spal"}, optional=True),
)


def _table1(data: str) -> Benchmark:
    rows = {row: figure(TABLE1, data, row) for row in ("Baseline", "UCAL", "Supervised")}
    others = {"market1501": ("DRAL", "SPCL"), "dukemtmc": ("DRAL",), "msmt17": ("SPCL",)}[data]
    return Benchmark(
        f"{data}-table1",
        f"UCAL's Table 1 on {_TITLES[data]}",
        "Baseline, UCAL and the supervised bound: SpCL, ResNet-50 at 256x128, 50 epochs, questions from 15.",
        data,
        _UCAL | _ITERATIONS.get(data, {}),
        (
            Variant("baseline", "no questions", _NONE, rows["Baseline"]),
            Variant("both", "SNPS and MPPS", _BOTH, rows["UCAL"]),
            Variant("supervised", "true identities, same loss", _SUPERVISED, rows["Supervised"]),
            *_OPTIONAL,
        ),
        tuple(figure(TABLE1, data, row) for row in others),
    )


def _table2(data: str) -> Benchmark:
    rows = {row: figure(TABLE2, data, row) for row in ("Baseline", "SNPS", "MPPS", "SNPS+MPPS")}
    return Benchmark(
        f"{data}-table2",
        f"UCAL's Table 2 on {_TITLES[data]}",
        "The ablation: SNPS alone, MPPS alone, both; with a random control and the supervised bound of Table 1.",
        data,
        _UCAL | _ITERATIONS.get(data, {}),
        (
            Variant("baseline", "no questions", _NONE, rows["Baseline"]),
            Variant("snps", "split questions only", _SNPS, rows["SNPS"]),
            Variant("mpps", "merge questions only", _MPPS, rows["MPPS"]),
            Variant("both", "SNPS and MPPS", _BOTH, rows["SNPS+MPPS"]),
            _RANDOM,
            Variant("supervised", "true identities, same loss", _SUPERVISED, figure(TABLE1, data, "Supervised")),
            *_OPTIONAL,
        ),
    )


def _figure2(data: str) -> Benchmark:
    return Benchmark(
        f"{data}-figure2",
        f"UCAL's Figure 2 on {_TITLES[data]}",
        "The improvement over the base during training, against the labelling cost: evaluated after every epoch.",
        data,
        _UCAL | _ITERATIONS.get(data, {}) | {"evaluate_every": 1},
        (
            Variant("baseline", "no questions", _NONE, figure(TABLE2, data, "Baseline")),
            Variant("both", "SNPS and MPPS", _BOTH, figure(TABLE2, data, "SNPS+MPPS")),
        ),
    )


def _cluster_contrast(data: str) -> Benchmark:
    quoted = () if data == "veri776" else (figure(GCL1, data, "CC"),)
    return Benchmark(
        f"{data}-cluster-contrast",
        f"Cluster Contrast on {_TITLES[data]}",
        "The label-free base as published, and UCAL's questions on it (ours; questions from epoch 15).",
        data,
        _CC | _CC_OF.get(data, {}),
        (
            Variant("baseline", "no questions", _NONE, figure(CC_PAGE, data, "Cluster Contrast")),
            Variant("both", "SNPS and MPPS", _BOTH),
            Variant("supervised", "true identities, same loss", _SUPERVISED),
            *_OPTIONAL,
        ),
        quoted,
        bases=("cluster-contrast",),
    )


def _gcl_scl(data: str) -> Benchmark:
    return Benchmark(
        f"{data}-gcl-scl",
        f"GCL + SCL, Table 1, on {_TITLES[data]}",
        "GCL + SCL with graphs of neighbours, and with the paper's graphs by file name, which leak the identity.",
        data,
        _GCL | _ITERATIONS.get(data, {}),
        (
            Variant("baseline", "graphs of neighbours", _NONE),
            Variant(
                "names",
                "graphs by file name: leaks the identity",
                _NONE | {"gcl_order": "names-leak-identities"},
                figure(GCL1, data, "Ours"),
            ),
            Variant("both", "SNPS and MPPS on graphs of neighbours", _BOTH),
        ),
        (figure(GCL1, data, "CC"),),
        bases=("gcl-scl",),
    )


_LEAK: Settings = {"gcl_order": "names-leak-identities"}  # the ablations were published with the leak
_NO_SCL: Settings = {"scl_queries": "average"}  # Table 3's "Average" has the figures of Table 2's model 1
_NO_CR: Settings = {"gcl_graph": 1}  # a graph of the row alone refines nothing
_NO_NS: Settings = {"gcl_weight": 0.0}


def _gcl_scl_table2(data: str) -> Benchmark:
    models: tuple[tuple[str, str, Settings], ...] = (
        ("1", "neither", _NO_SCL | _NO_CR | _NO_NS),
        ("2", "noise suppression", _NO_SCL | _NO_CR),
        ("3", "SCL", _NO_CR | _NO_NS),
        ("4", "SCL, noise suppression", _NO_CR),
        ("5", "cluster refinement, noise suppression", _NO_SCL),
        ("6", "all three", {}),
    )
    return Benchmark(
        f"{data}-gcl-scl-table2",
        f"GCL + SCL, Table 2, on {_TITLES[data]}",
        "The ablation as published: graphs by file name, which leak the identity.",
        data,
        _GCL | _LEAK,
        tuple(Variant(f"model{n}", title, _NONE | off, figure(GCL2, data, n)) for n, title, off in models),
        bases=("gcl-scl",),
    )


def _gcl_scl_table3() -> Benchmark:
    off = _NONE | _NO_CR | _NO_NS
    return Benchmark(
        "dukemtmc-gcl-scl-table3",
        "GCL + SCL, Table 3, on DukeMTMC-reID",
        "Which of a class's queries update the memory and enter the loss: all, one drawn, the least similar k.",
        "dukemtmc",
        _GCL,
        (
            *(
                Variant(row.lower(), title, off | {"scl_queries": row.lower()}, figure(GCL3, "dukemtmc", row))
                for row, title in (("Average", "all queries, by their mean"), ("Random", "one query, drawn"))
            ),
            *(
                Variant(f"k{k}", f"k = {k}", off | {"scl_k": k}, figure(GCL3, "dukemtmc", f"k = {k}"))
                for k in (1, 2, 4)
            ),
        ),
        bases=("gcl-scl",),
    )


# -- small ones, for a laptop ----------------------------------------------------------------------

_SMALL_VARIANTS = (
    Variant("baseline", "no questions", _NONE),
    Variant("snps", "split questions only", _SNPS),
    Variant("mpps", "merge questions only", _MPPS),
    Variant("both", "SNPS and MPPS", _BOTH),
    _RANDOM,
    Variant("supervised", "true identities, same loss", _SUPERVISED),
    *_OPTIONAL,
)
_OMNIGLOT: Settings = {
    "backbone": "small",
    "weights": "start",
    "height": 48,
    "width": 48,
    "epochs": 10,
    "query_from": 3,
    "iterations": 30,
    "lr": 2e-3,
    "lr_step": 8,
    "eps": 0.5,
    "k1": 20,
    "momentum": 0.5,
    "erase": 0.0,
    "pad": 3,
    "flip": 0.0,  # a mirrored letter is another letter
    "precision": "auto",
}
_GROCERY: Settings = _OMNIGLOT | {"height": 64, "width": 64, "flip": 0.5, "pad": 4}


def _small(name: str, title: str, description: str, format: str, settings: Settings, **more: Any) -> Benchmark:
    return Benchmark(name, title, description, format, settings, _SMALL_VARIANTS, bases=("cluster-contrast",), **more)


# frozen features: every policy asks until it is dry; the controls get as many answers as `efficient`
_FROZEN: Settings = {"train": False, "query_from": 0, "epochs": 10_000, "height": 64, "width": 32}
_EFFICIENT: Settings = {"policy": "efficient"}
_LOOKS: Settings = _EFFICIENT | {"expected_error": 0.02}
_EFFORT = Benchmark(
    "effort",
    "People's effort until the clusters are right",
    "Frozen features, any .npz; without --data generated people, embedded with the packaged start weights.",
    "features",
    _FROZEN,
    (
        Variant("none", "no questions: DBSCAN", _NONE | {"epochs": 1}),
        Variant("random", "random pairs", {"policy": "random", "epochs": 60}, answers_of="efficient"),
        Variant("similar", "most similar undecided pairs", {"policy": "similar", "epochs": 60}, answers_of="efficient"),
        Variant("spal", "SPAL's selection, 2n answers", {"policy": "spal"}),
        Variant("ucal-pair", "UCAL, the paper's memory", _BOTH | {"memory": "pair"}),
        Variant("ucal-closure", "UCAL, closure memory", _BOTH),
        Variant("ucal-cut", "UCAL from the calibrated cut", _BOTH | {"first_cut": "calibrated"}),
        Variant("efficient", "the efficient policy", _EFFICIENT),
        *(
            Variant(f"look-{kind}", f"second looks by {kind}", _LOOKS | {"second_look": kind}, optional=True)
            for kind in ("surprise", "size")
        ),
        *(
            Variant(f"without-{part}", f"efficient without {part}", _EFFICIENT | {"without": part}, optional=True)
            for part in ("whitening", "calibration", "atoms", "metric", "belief", "audits")
        ),
    ),
    generated=True,
    bases=("cluster-contrast",),
    measures="effort",
)


BENCHMARKS: tuple[Benchmark, ...] = (
    _small(
        "generated",
        "Generated people",
        "120 identities seen by 4 cameras, 60 others held out; the small net, 18 rounds, questions from 4. CPU.",
        "market1501",
        preset("generated").config.to_dict(),
        generated=True,
    ),
    _small(
        "omniglot-small",
        "Omniglot's small sets",
        "242 characters, 30 % of them held out; the drawer is the camera. The small net, 10 rounds. CPU.",
        "omniglot-small",
        _OMNIGLOT,
        held_out=0.3,
    ),
    _small(
        "grocery",
        "Photographs of groceries",
        "81 kinds of products, 30 % of them held out; the small net, 10 rounds. CPU.",
        "manifest",
        _GROCERY,
        held_out=0.3,
    ),
    _EFFORT,
    *(_table1(data) for data in ("market1501", "dukemtmc", "msmt17")),
    *(_table2(data) for data in ("market1501", "msmt17")),
    *(_figure2(data) for data in ("market1501", "msmt17")),
    *(_cluster_contrast(data) for data in ("market1501", "dukemtmc", "msmt17", "veri776")),
    *(_gcl_scl(data) for data in ("market1501", "dukemtmc", "msmt17")),
    *(_gcl_scl_table2(data) for data in ("market1501", "dukemtmc")),
    _gcl_scl_table3(),
)


def benchmark(name: str) -> Benchmark:
    """Find a preset.

    Raises:
        ConfigError: there is none of this name.
    """
    for candidate in BENCHMARKS:
        if candidate.name == name:
            return candidate
    raise ConfigError(f"preset: expected one of {', '.join(b.name for b in BENCHMARKS)}, got {name!r}")
