"""The run's folder: whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from ucal.errors import RunError
from ucal.runs import FileLog, FolderStates, RunFolder, export_identities, write_atomically
from ucal.types import Answer, Image, Verdict


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, lambda p: p.write_text("old") and None)

    def broken(target):
        target.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, broken)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_arrays_come_back_as_they_were(tmp_path):
    folder = RunFolder(tmp_path)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert (folder.load_array(folder.save_array("r0000.features.npy", array)) == array).all()
    matrix = sp.csr_array(np.eye(3, dtype=np.float32))
    assert (folder.load_sparse(folder.save_sparse("r0000.distance.npz", matrix)) != matrix).nnz == 0


def test_a_truncated_array_is_a_named_error(tmp_path):
    folder = RunFolder(tmp_path)
    folder.save_array("r0000.features.npy", np.zeros(100))
    whole = (tmp_path / "r0000.features.npy").read_bytes()
    (tmp_path / "r0000.features.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match="expected a saved array"):
        folder.load_array("r0000.features.npy")


def test_a_damaged_state_is_a_named_error(tmp_path):
    (tmp_path / "state.json").write_text('{"version": 1}')
    with pytest.raises(RunError, match="expected the saved state of a run"):
        FolderStates(RunFolder(tmp_path)).load()


def answer(id_: str) -> Answer:
    return Answer(id_, 0, 1, Verdict.SAME, bad_rows=(1,))


def test_the_log_keeps_answers_once_and_in_order(tmp_path):
    log = FileLog(tmp_path / "answers.jsonl")
    log.append([answer("b"), answer("a")])
    log.append([answer("a"), answer("c")])
    assert list(FileLog(log.path).read()) == [answer("b"), answer("a"), answer("c")]


def test_a_last_line_cut_short_by_a_crash_is_dropped_and_the_log_goes_on(tmp_path):
    log = FileLog(tmp_path / "answers.jsonl")
    log.append([answer("a")])
    with log.path.open("a") as file:
        file.write('{"id": "b", "le')
    again = FileLog(log.path)
    again.append([answer("c")])
    assert [a.id for a in FileLog(log.path).read()] == ["a", "c"]


def test_a_file_name_is_never_read_as_a_formula(tmp_path):
    images = [Image("=cmd()", "x", camera=1), Image("b.jpg", "y")]
    export_identities(RunFolder(tmp_path), images, np.array([4, -1]))
    assert (tmp_path / "identities.csv").read_text() == "path,identity,camera\n'=cmd(),4,1\nb.jpg,,\n"
