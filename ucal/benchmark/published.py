"""Published figures, as data with their source. Percent; None where the source gives none.

`cost` is Eq. 7 of UCAL: answers / (n (n - 1) / 2) in percent, as printed (rounded); n is the number of
training images. UCAL contradicts itself: its baseline on Market-1501 has 69.9 mAP in Table 1 and 71.0 in
Table 2, and its MSMT17 result is 34.8 in the text and 35.7 in both tables. Each table keeps its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from ucal.datasets.published import PUBLISHED as COUNTS

TABLE1 = "UCAL, Table 1"
TABLE2 = "UCAL, Table 2"
CC_PAGE = "Cluster Contrast, its results page"
GCL1 = "GCL + SCL, Table 1"
GCL2 = "GCL + SCL, Table 2"
GCL3 = "GCL + SCL, Table 3"


@dataclass(frozen=True, slots=True)
class Published:
    """One row of a published table, in percent."""

    source: str
    data: str  # layout of ucal.datasets
    row: str
    mAP: float | None  # noqa: N815 - the field's name everywhere
    rank1: float | None
    rank5: float | None = None
    rank10: float | None = None
    cost: float | None = None

    @property
    def answers(self) -> int | None:
        """Give the answers that the cost stands for (Eq. 7 turned round), none where labels were not asked by pairs."""
        if self.cost is None or self.cost >= 100.0:
            return None
        n = COUNTS[self.data].train[0]
        return round(self.cost / 100.0 * (n * (n - 1) / 2))


Ranks = tuple[float, float, float]


def _ucal1(data: str, row: str, ranks: Ranks, m: float, cost: float) -> Published:
    return Published(TABLE1, data, row, m, *ranks, cost)


def _ucal2(data: str, row: str, ranks: Ranks, m: float, cost: float) -> Published:
    return Published(TABLE2, data, row, m, *ranks, cost)


FIGURES: tuple[Published, ...] = (
    _ucal1("market1501", "Baseline", (87.1, 95.0, 96.5), 69.9, 0),
    _ucal1("market1501", "Supervised", (94.2, 98.2, 98.9), 83.4, 100),
    _ucal1("market1501", "UCAL", (91.8, 96.8, 97.9), 78.2, 0.08),
    _ucal1("market1501", "DRAL", (84.2, 94.3, 96.6), 66.3, 0.15),
    _ucal1("market1501", "SPCL", (89.7, 96.1, 97.6), 77.5, 0),
    _ucal1("dukemtmc", "Baseline", (77.4, 87.1, 90.7), 60.5, 0),
    _ucal1("dukemtmc", "Supervised", (84.6, 92.2, 94.1), 71.1, 100),
    _ucal1("dukemtmc", "UCAL", (81.2, 89.7, 92.5), 66.3, 0.06),
    _ucal1("dukemtmc", "DRAL", (74.3, 84.8, 88.4), 56.0, 0.12),
    _ucal1("msmt17", "Baseline", (44.9, 57.9, 63.1), 20.3, 0),
    _ucal1("msmt17", "Supervised", (71.3, 84.2, 88.0), 45.5, 100),
    _ucal1("msmt17", "UCAL", (63.2, 75.1, 79.4), 35.7, 0.03),
    _ucal1("msmt17", "SPCL", (53.7, 65.0, 69.8), 26.8, 0),
    _ucal2("market1501", "Baseline", (87.1, 94.6, 96.4), 71.0, 0),
    _ucal2("market1501", "SNPS", (90.5, 96.4, 97.7), 76.8, 0.027),
    _ucal2("market1501", "MPPS", (88.9, 96.1, 97.6), 72.2, 0.046),
    _ucal2("market1501", "SNPS+MPPS", (91.8, 96.8, 97.9), 78.2, 0.075),
    _ucal2("msmt17", "Baseline", (46.3, 60.0, 65.6), 21.2, 0),
    _ucal2("msmt17", "SNPS", (53.4, 66.1, 71.0), 26.7, 0.010),
    _ucal2("msmt17", "MPPS", (56.0, 68.7, 73.9), 30.2, 0.019),
    _ucal2("msmt17", "SNPS+MPPS", (63.2, 75.1, 79.4), 35.7, 0.033),
    Published(CC_PAGE, "market1501", "Cluster Contrast", 83.0, 94.2, cost=0),
    Published(CC_PAGE, "dukemtmc", "Cluster Contrast", 72.6, 85.7, cost=0),
    Published(CC_PAGE, "msmt17", "Cluster Contrast", 33.0, 66.1, cost=0),
    Published(CC_PAGE, "veri776", "Cluster Contrast", None, 86.2, cost=0),
    Published(GCL1, "market1501", "CC", 82.6, None, 97.0, cost=0),
    Published(GCL1, "dukemtmc", "CC", 72.8, 85.7, 92.0, cost=0),
    Published(GCL1, "msmt17", "CC", 33.3, 63.3, 73.7, cost=0),
    Published(GCL1, "market1501", "Ours", 87.5, 94.8, 98.2, cost=0),
    Published(GCL1, "dukemtmc", "Ours", 77.0, 87.6, 94.3, cost=0),
    Published(GCL1, "msmt17", "Ours", 49.0, 74.2, 85.4, cost=0),
    *(
        Published(GCL2, data, row, m, r1, cost=0)
        for data, rows in {
            "dukemtmc": ((69.4, 82.9), (70.6, 83.7), (71.4, 84.3), (72.1, 84.6), (76.1, 87.1), (77.0, 87.6)),
            "market1501": ((81.2, 91.4), (82.1, 92.1), (82.4, 92.5), (83.4, 92.8), (87.0, 94.2), (87.5, 94.8)),
        }.items()
        for row, (m, r1) in zip(("1", "2", "3", "4", "5", "6"), rows, strict=True)
    ),
    Published(GCL3, "dukemtmc", "Average", 69.4, 82.9, 91.0, 93.0, 0),
    Published(GCL3, "dukemtmc", "Random", 68.6, 82.1, 90.1, 92.5, 0),
    Published(GCL3, "dukemtmc", "k = 1", 70.7, 83.4, 91.1, 92.7, 0),
    Published(GCL3, "dukemtmc", "k = 2", 71.4, 84.3, 91.6, 93.4, 0),
    Published(GCL3, "dukemtmc", "k = 4", 70.5, 83.6, 91.0, 93.0, 0),
)


def figure(source: str, data: str, row: str) -> Published:
    """Find a published row."""
    return next(f for f in FIGURES if (f.source, f.data, f.row) == (source, data, row))
