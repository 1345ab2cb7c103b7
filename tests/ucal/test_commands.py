"""The command line: what each command writes, and how each fails."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

from tests.pictures import noise, put
from ucal.__main__ import CORE, SERVER, main
from ucal.commands.progress import progress_sink
from ucal.errors import InterruptedRun
from ucal.events import Event


def run(*words):
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    out = tmp_path_factory.mktemp("synth") / "people"
    assert run("synth", out, "--identities", 6, "--cameras", 2, "--images", 2, "--size", "64x32", "--seed", 3) == 0
    return out


@pytest.fixture
def features(tmp_path):
    """Give a file of 6 well-parted identities of 8 rows."""
    rng = np.random.default_rng(0)
    feats = np.repeat(np.eye(6, 12), 8, axis=0) + 0.02 * rng.normal(size=(48, 12))
    np.savez(tmp_path / "f.npz", feats=feats, ids=np.repeat(np.arange(6), 8), cams=np.tile([0, 1], 24))
    return tmp_path / "f.npz"


def said(capsys):
    """Give standard error, which must be one line."""
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert error.startswith("ucal: ")
    return error


# -- help and usage --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[name] for name in CORE] + [["data", "check"]], ids=" ".join)
def test_every_core_command_has_help_with_an_example(words, capsys):
    assert run(*words, "--help") == 0
    text = capsys.readouterr().out
    assert "example" in text
    assert f"ucal {words[0]}" in text


def test_help_lists_every_command(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"\n    {name}\s", text) for name in (*CORE, *SERVER))


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["frobnicate"],
        ["synth"],
        ["data"],
        ["synth", "x", "--size", "128"],
        ["synth", "x", "--size", "0x0"],
        ["synth", "x", "--identities", "many"],
        ["cluster", "--features", "f.npz", "--eps", "2"],
        ["evaluate", "--query", "q.npz"],
        ["embed", "--data", "x", "--out", "y", "--backbone", "vgg"],
        ["cluster", "--feat", "f.npz"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two(words, capsys):
    assert run(*words) == 2
    assert "usage: ucal" in capsys.readouterr().err


def test_the_module_runs_and_help_loads_neither_torch_nor_web_packages():
    code = (
        "import sys; from ucal.__main__ import main; status = main(['--help']); "
        "sys.exit(status or any(name in sys.modules for name in ('torch', 'fastapi', 'sqlalchemy', 'PIL')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
    done = subprocess.run([sys.executable, "-m", "ucal", "data", "check", "/none"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"ucal: /none: no such file or folder\n"


# -- failures --------------------------------------------------------------------------------------


def test_a_failure_is_one_line_without_a_traceback(tmp_path, capsys):
    assert run("data", "check", tmp_path / "none") == 1
    assert "no such file or folder" in said(capsys)


@pytest.mark.parametrize("place", [0, 1, 2, 4])
def test_debug_shows_the_traceback_wherever_it_stands(tmp_path, capsys, place):
    words = ["data", "check", str(tmp_path / "none")]
    words.insert(place, "--debug") if place < 4 else words.append("--debug")
    assert run(*words) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "status", "text"),
    [
        (KeyboardInterrupt(), 130, "interrupted; the same command starts again"),
        (InterruptedRun("paused on request"), 130, "paused on request"),
        (OSError(28, "No space left on device", "/x/y"), 1, "/x/y: No space left on device"),
        (MemoryError("Unable to allocate"), 1, "not enough memory"),
        (KeyError("lost"), 1, "unexpected KeyError: 'lost' (run again with --debug for the traceback)"),
        (ValueError("two\nlines"), 1, "two lines"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_happens_is_said_in_one_line(monkeypatch, capsys, failure, status, text):
    def fail(args):
        raise failure

    monkeypatch.setattr("ucal.commands.data.run", fail)
    assert run("data", "check", "x") == status
    assert text in said(capsys)


def test_control_c_leaves_no_traceback(tmp_path):
    code = "import signal, time, ucal.commands.data as data, ucal.__main__ as m, sys\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a parent may have it ignored
    code += "data.run = lambda args: (print('begun', flush=True), time.sleep(60))\n"
    code += "sys.exit(m.main(['data', 'check', 'x']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == b"begun\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        error = process.stderr.read().decode()
    assert error.count("\n") == 1
    assert "interrupted" in error


def test_server_commands_are_handed_over(monkeypatch):
    heard = []
    cli = types.SimpleNamespace(main=lambda words: heard.append(words) or 7)
    monkeypatch.setitem(sys.modules, "backend.cli", cli)
    assert run("serve", "--port", 9000) == 7
    assert heard == [["serve", "--port", "9000"]]


def test_server_commands_without_the_server_say_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "backend.cli", None)
    assert run("serve") == 1
    assert "needs the server parts: pip install '.[server]' in the checkout" in said(capsys)


# -- synth, data -----------------------------------------------------------------------------------


def test_synth_writes_what_data_check_finds(people, tmp_path, capsys):
    assert run("data", "check", people, "--json", tmp_path / "report.json") == 0
    assert "bad files 0" in capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["format"], report["cameras"], report["bad"]) == ("market1501", 2, [])
    assert report["images"] == {"train": 24, "query": 6, "gallery": 6}
    assert report["identities"] == {"train": 6, "query": 3, "gallery": 3}


def test_synth_does_not_write_over_anything(people, capsys):
    assert run("synth", people) == 1
    assert "expected an empty folder" in said(capsys)


def test_data_check_names_bad_files_with_reasons(tmp_path, capsys):
    put(tmp_path / "set", "a/1.jpg", "b/1.jpg")
    put(tmp_path / "set", "b/cut.jpg", content=noise()[:-700])
    assert run("data", "check", tmp_path / "set", "--json", tmp_path / "r.json") == 0
    assert "b/cut.jpg: damaged or cut off" in capsys.readouterr().out
    assert json.loads((tmp_path / "r.json").read_text())["bad"][0]["path"] == "b/cut.jpg"


def test_data_check_shows_the_first_bad_files_and_counts_the_rest(tmp_path, capsys):
    put(tmp_path, "good.jpg")
    put(tmp_path, *(f"{n:02d}.jpg" for n in range(25)), content=b"words")
    assert run("data", "check", tmp_path) == 0
    assert "and 5 more: --json lists them all" in capsys.readouterr().out


# -- embed, evaluate, cluster ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    from safetensors.torch import save_file

    from ucal.backbones import build
    from ucal.config import RunConfig

    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_file(build(RunConfig(backbone="small", seed=1)).state_dict(), path)
    return path


def test_embedded_splits_can_be_evaluated(people, weights, tmp_path, capsys):
    for split, n in (("query", 6), ("gallery", 6)):
        out = tmp_path / f"{split}.npz"
        assert (
            run("embed", "--data", people, "--split", split, "--weights", weights, "--device", "cpu", "--out", out) == 0
        )
        arrays = np.load(out)
        assert arrays["feats"].shape[0] == len(arrays["ids"]) == len(arrays["filenames"]) == n
        np.testing.assert_allclose(np.linalg.norm(arrays["feats"], axis=1), 1.0, atol=1e-5)
    words = ("--query", tmp_path / "query.npz", "--gallery", tmp_path / "gallery.npz", "--json", tmp_path / "e.json")
    assert run("evaluate", *words) == 0
    result = json.loads((tmp_path / "e.json").read_text())
    assert 0.0 < result["mAP"] <= 1.0
    assert result["n_queries"] == result["query"] == 6
    assert {"rank1", "rank5", "rank10", "mINP", "cmc", "seconds", "peak_rss_mb"} <= set(result)
    assert "mAP" in capsys.readouterr().out


def test_embedding_leaves_bad_images_out_and_says_so(tmp_path, weights, capsys):
    put(tmp_path / "set", "a/1.jpg", "b/1.jpg")
    put(tmp_path / "set", "b/text.jpg", content=b"words")
    assert run("embed", "--data", tmp_path / "set", "--weights", weights, "--out", tmp_path / "f.npz") == 0
    assert "left out b/text.jpg: not an image" in capsys.readouterr().out
    assert np.load(tmp_path / "f.npz")["filenames"].tolist() == ["a/1.jpg", "b/1.jpg"]


def test_a_backbone_without_weights_is_refused(people, tmp_path, capsys):
    assert run("embed", "--data", people, "--backbone", "resnet18", "--out", tmp_path / "f.npz") == 1
    assert "--weights: expected a file for resnet18" in said(capsys)


def test_features_cannot_be_embedded(features, weights, tmp_path, capsys):
    assert run("embed", "--data", features, "--weights", weights, "--out", tmp_path / "g.npz") == 1
    assert "expected images to embed, got features already" in said(capsys)


def test_cluster_finds_what_is_parted_and_writes_labels_and_figures(features, tmp_path, capsys):
    words = (
        "--features",
        features,
        "--k1",
        8,
        "--k2",
        2,
        "--labels",
        tmp_path / "l.npy",
        "--json",
        tmp_path / "c.json",
    )
    assert run("cluster", *words, "--device", "cpu") == 0
    labels = np.load(tmp_path / "l.npy")
    assert labels.tolist() == np.repeat(np.arange(6), 8).tolist()
    result = json.loads((tmp_path / "c.json").read_text())
    assert (result["n"], result["clusters"], result["outliers"]) == (48, 6, 0)
    assert set(result["seconds"]) == {"load", "neighbours", "distance", "dbscan"}
    assert result["peak_rss_mb"] > 10
    assert "48 rows: 6 clusters, 0 in none" in capsys.readouterr().out


def test_cluster_counts_outliers(features, tmp_path, capsys):
    assert run("cluster", "--features", features, "--min-samples", 40, "--k1", 8, "--json", tmp_path / "c.json") == 0
    result = json.loads((tmp_path / "c.json").read_text())
    assert (result["clusters"], result["outliers"]) == (0, 48)


def test_features_with_nan_are_one_clear_line(tmp_path, capsys):
    np.savez(tmp_path / "f.npz", feats=np.full((4, 2), np.nan))
    assert run("cluster", "--features", tmp_path / "f.npz") == 1
    assert "4 row(s) have NaN or infinity" in said(capsys)


def test_a_result_that_cannot_be_written_is_one_clear_line(features, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert run("cluster", "--features", features, "--k1", 8, "--json", tmp_path / "file" / "c.json") == 1
    assert str(tmp_path / "file") in capsys.readouterr().err.splitlines()[-1]


def test_evaluating_strangers_only_is_one_clear_line(features, tmp_path, capsys):
    np.savez(tmp_path / "q.npz", feats=np.ones((2, 12)), ids=[90, 91])
    assert run("evaluate", "--query", tmp_path / "q.npz", "--gallery", features) == 1
    assert "relevant gallery row" in said(capsys)


# -- doctor, progress ------------------------------------------------------------------------------


def test_doctor_names_versions_device_and_parts(tmp_path, capsys):
    status = run("doctor", "--json", tmp_path / "d.json")
    found = json.loads((tmp_path / "d.json").read_text())
    assert status == (0 if all(found["core"].values()) else 1)
    assert found["core"]["torch"]
    assert found["device"].startswith(("cpu", "cuda"))
    assert {"server", "queue", "postgresql", "faiss", "medoids"} == set(found["parts"])
    assert "device" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(stream, seconds, *counts, what="embed"):
    """Send progress with this many seconds between two events."""
    now = iter(np.arange(0, 1e6, seconds))
    sink = progress_sink(stream, clock=lambda: float(next(now)))
    for done, total in counts:
        sink(Event("progress", {"what": what, "done": done, "total": total}))
    return stream.getvalue()


def test_a_terminal_gets_a_bar_with_the_time_left():
    text = shown(Terminal(), 30, (1, 4), (2, 4), (4, 4))
    first, last = text.split("\r")[1:]
    assert first.startswith("[############............] embed 2/4  50 %  1:00 left")
    assert last.startswith("[########################] embed 4/4  100 %")
    assert text.endswith("\n")


def test_elsewhere_there_are_plain_lines_now_and_then():
    text = shown(io.StringIO(), 6, *((done, 100) for done in range(10, 101, 10)))
    lines = text.splitlines()
    assert "\r" not in text
    assert lines[0] == "embed 30/100  30 %  0:42 left"
    assert lines[-1] == "embed 100/100  100 %"
    assert len(lines) == 5


def test_short_work_says_nothing_elsewhere():
    assert shown(io.StringIO(), 0.1, (1, 2), (2, 2)) == ""


def test_warnings_and_rounds_have_lines_of_their_own():
    stream = Terminal()
    sink = progress_sink(stream, clock=iter([0.0, 1.0]).__next__)
    sink(Event("progress", {"what": "train", "done": 1, "total": 4}))
    sink(Event("progress", {"what": "train", "done": 2, "total": 4}))
    sink(Event("warning", {"text": "batch halved"}))
    sink(Event("round", {"round": 3, "f1": 0.5, "mAP": None}))
    sink(Event("loss", {"round": 3, "iteration": 1, "loss": 0.1}))
    assert stream.getvalue().splitlines()[-2:] == ["warning: batch halved", "round 3: f1 0.500, mAP -"]


@pytest.mark.shared
def test_clustering_the_published_features_gives_clusters_of_some_worth(shared, tmp_path):
    from ucal.datasets import read
    from ucal.evaluation import cluster_scores

    path = shared / "features" / "omniglot_small_mobilenetv2_112.npz"
    assert run("cluster", "--features", path, "--labels", tmp_path / "l.npy", "--device", "cpu") == 0
    scores = cluster_scores(np.load(tmp_path / "l.npy"), read(path).identities())
    assert scores.clusters > 50
    assert scores.nmi > 0.5


def test_nothing_is_left_beside_a_written_result(features, tmp_path):
    out = tmp_path / "deep" / "c.json"
    assert run("cluster", "--features", features, "--k1", 8, "--json", out) == 0
    assert os.listdir(out.parent) == ["c.json"]
    assert Path(out).read_text().endswith("}\n")
