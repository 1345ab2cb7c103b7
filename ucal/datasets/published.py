"""Published counts of the benchmark collections, to tell whether a copy is whole.

Sources: UCAL 4.1 (Market-1501, DukeMTMC-reID, MSMT17: train and query; galleries of Duke and MSMT17);
the standard protocol for Market-1501's gallery (19,732 less 3,819 junk) and for VeRi-776. Identities
of Market-1501's gallery are counted without 0, the distractors.
"""

from __future__ import annotations

from dataclasses import dataclass

from ucal.datasets.dataset import Split


@dataclass(frozen=True, slots=True)
class Counts:
    """(images, identities) of each split, and the cameras."""

    title: str
    train: tuple[int, int]
    query: tuple[int, int]
    gallery: tuple[int, int]
    cameras: int

    def of(self, split: Split) -> tuple[int, int]:
        """Give (images, identities) of a split."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}[split]


PUBLISHED: dict[str, Counts] = {
    "market1501": Counts("Market-1501", (12_936, 751), (3_368, 750), (15_913, 750), 6),
    "dukemtmc": Counts("DukeMTMC-reID", (16_522, 702), (2_228, 702), (17_661, 1_110), 8),
    "msmt17": Counts("MSMT17", (32_621, 1_041), (11_659, 3_060), (82_161, 3_060), 15),
    "veri776": Counts("VeRi-776", (37_778, 576), (1_678, 200), (11_579, 200), 20),
}
_LEAST = 0.5  # of the published training images: fewer, and it is another collection in the same layout


def differences(
    format: str, images: dict[str, int], identities: dict[str, int], cameras: int
) -> tuple[str, ...] | None:
    """Say where the counts of a collection differ from the published ones of its layout.

    Empty when all agree; None when there is nothing to compare with: a layout without published
    counts, or too few training images to be that collection (under half).
    """
    counts = PUBLISHED.get(format)
    if counts is None or images["train"] < _LEAST * counts.train[0]:
        return None
    splits: tuple[Split, ...] = ("train", "query", "gallery")
    found = [(split, (images[split], identities[split]), counts.of(split)) for split in splits]
    texts = [
        f"{split}: {wanted[0]:,} images of {wanted[1]:,} identities are published, found {came[0]:,} of {came[1]:,}"
        for split, came, wanted in found
        if came != wanted
    ]
    if cameras != counts.cameras:
        texts.append(f"cameras: {counts.cameras} are published, found {cameras}")
    return tuple(texts)
