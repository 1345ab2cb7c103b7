"""Bad input through the command line: a named reason in one line, exit 1, nothing half done.

What the API makes of bad input stands in tests/backend (answers, images, paths, imports).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.pictures import encoded, noise, png_header, put
from ucal.__main__ import main

SMALL = ["--backbone", "small", "--size", "32x16", "--epochs", "2", "--query-from", "0", "--set", "iterations=2"]


def missing_folder(root: Path) -> list[str]:
    return ["--data", str(root / "nothing")]


def empty_folder(root: Path) -> list[str]:
    (root / "empty").mkdir()
    return ["--data", str(root / "empty")]


def one_image(root: Path) -> list[str]:
    return ["--data", str(put(root / "one", "a/1.jpg"))]


def only_truncated(root: Path) -> list[str]:
    return ["--data", str(put(root / "cut", "a/1.jpg", "b/2.jpg", content=noise()[:400]))]


def only_a_giant(root: Path) -> list[str]:
    return ["--data", str(put(root / "giant", "a/1.png", "b/2.png", content=png_header(50_000, 50_000)))]


def only_text(root: Path) -> list[str]:
    return ["--data", str(put(root / "text", "a/1.jpg", "b/2.jpg", content=b"not a picture at all\n"))]


def csv_without_columns(root: Path) -> list[str]:
    (root / "list.csv").write_text("file,who\na.jpg,1\n")
    return ["--data", str(root / "list.csv")]


def features_with_nan(root: Path) -> list[str]:
    feats = np.ones((4, 3), np.float32)
    feats[2, 1] = np.nan
    np.savez(root / "nan.npz", feats=feats, ids=np.arange(4))
    return ["--features", str(root / "nan.npz")]


def unknown_key(root: Path) -> list[str]:
    (root / "config.json").write_text(json.dumps({"epsilon": 0.5}))
    return ["--data", str(put(root / "some", "a/1.jpg", "b/2.jpg")), "--config", str(root / "config.json")]


def unlabelled_with_an_oracle(root: Path) -> list[str]:
    return ["--data", str(put(root / "flat", "1.jpg", "2.jpg", "3.jpg"))]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (missing_folder, "no such file or folder"),
        (empty_folder, "(no image|nothing|empty)"),
        (one_image, "at least 2 images.* has 1"),
        (only_truncated, "no image opens.*(truncated|ends|cut)"),
        (only_a_giant, "no image opens.*too large, at most 64 million pixels.*2500000000"),
        (only_text, "no image opens.*(text|not an image)"),
        (csv_without_columns, "path"),
        (features_with_nan, "(NaN|finite)"),
        (unknown_key, "unknown setting 'epsilon'.*eps"),
        (unlabelled_with_an_oracle, "annotator 'oracle' answers from the identities"),
    ],
)
def test_it_is_refused_in_one_line_that_says_why(make, said, tmp_path, capsys):
    out = tmp_path / "out.json"
    status = main(["simulate", *make(tmp_path), *SMALL, "--json", str(out)])
    lines = capsys.readouterr().err.strip().splitlines()
    assert status == 1
    assert re.search(said, lines[-1]), lines[-1]
    assert "Traceback" not in "\n".join(lines)
    assert not out.exists()


def test_broken_files_among_good_ones_are_left_out(tmp_path):
    root = put(tmp_path / "mixed", *(f"{who}/{i}.jpg" for who in "ab" for i in range(4)))
    put(root, "a/cut.jpg", content=noise()[:400])
    put(root, "b/text.jpg", content=b"hello")
    assert main(["simulate", "--data", str(root), *SMALL, "--json", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["n"] == 8


@pytest.mark.parametrize("base", ["cluster-contrast", "spcl"])
def test_all_identical_images_are_one_cluster_and_no_crash(base, tmp_path):
    root = put(tmp_path / "same", *(f"{who}/{i}.jpg" for who in "ab" for i in range(6)), content=encoded(colour=90))
    command = ["simulate", "--data", str(root), *SMALL, "--base", base, "--set", "k1=6"]
    assert main([*command, "--json", str(tmp_path / "out.json")]) == 0
    final = json.loads((tmp_path / "out.json").read_text())["final"]
    assert final["clusters"] >= 1
    assert final["answers"] <= 66


def test_two_images_are_enough_to_run(tmp_path):
    root = put(tmp_path / "two", "a/1.jpg", "b/2.jpg")
    assert main(["simulate", "--data", str(root), *SMALL, "--json", str(tmp_path / "out.json")]) == 0
