"""Features of anybody's images."""

import numpy as np
import pytest

from ucal.datasets import read
from ucal.datasets.features import load_features, read_query_gallery, save_features
from ucal.errors import DataNotFoundError, FeaturesError


def rows(n=4, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def write(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_rows_keep_the_files_order_and_get_length_one(tmp_path):
    feats = rows() * 7
    dataset = read(write(tmp_path / "f.npz", feats=feats, ids=[3, 1, 3, 2], cams=[0, 1, 2, 0], filenames=list("dbca")))
    assert [image.key for image in dataset.train] == ["d", "b", "c", "a"]
    assert dataset.identities().tolist() == [3, 1, 3, 2]
    assert dataset.cameras().tolist() == [0, 1, 2, 0]
    assert dataset.features.dtype == np.float32
    np.testing.assert_allclose(dataset.features, feats / np.linalg.norm(feats, axis=1, keepdims=True), atol=1e-6)


def test_features_alone_are_enough(tmp_path):
    dataset = read(write(tmp_path / "f.npz", feats=rows(12)))
    assert not dataset.has_truth
    assert [image.key for image in dataset.train][:2] == ["00", "01"]
    assert set(dataset.cameras()) == {-2}


def test_file_names_that_repeat_are_no_keys(tmp_path):
    dataset = read(write(tmp_path / "f.npz", feats=rows(2), filenames=["a", "a"]))
    assert [image.key for image in dataset.train] == ["0", "1"]


def test_identities_may_be_names(tmp_path):
    dataset = read(write(tmp_path / "f.npz", feats=rows(), ids=["b", "a", "", "b"]))
    assert dataset.identities().tolist() == [2, 1, -2, 2]
    assert dataset.identity_names == ("a", "b")


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8])
def test_any_number_type_is_taken(tmp_path, dtype):
    feats = (rows() * 50).astype(dtype)
    assert load_features(write(tmp_path / "f.npz", feats=feats)).rows.dtype == np.float32


def broken(**changes):
    return {"feats": rows(), "ids": np.arange(4)} | changes


NAN = rows()
NAN[2, 1] = np.nan
BROKEN = {
    "NaN": (broken(feats=NAN), r"1 row\(s\) have NaN or infinity, first row 2"),
    "infinity": (broken(feats=rows() * np.inf), "NaN or infinity"),
    "a row of zeros": (broken(feats=rows() * [[1], [0], [1], [1]]), "1 are all zero, first row 1"),
    "one dimension": (broken(feats=np.ones(4)), r"expected numbers of shape \(n, d\), got float64 \(4,\)"),
    "no rows": (broken(feats=np.ones((0, 3)), ids=np.arange(0)), r"got float64 \(0, 3\)"),
    "texts": (broken(feats=np.array([["a"]] * 4)), "expected numbers"),
    "another key": ({"embeddings": rows()}, "expected an array 'feats'.*found embeddings"),
    "too few ids": (broken(ids=np.arange(3)), r"ids: expected shape \(4,\) like feats, got \(3,\)"),
    "broken numbers": (broken(ids=np.ones(4) / 2), "ids: expected whole numbers"),
    "named cameras": (broken(cams=np.array(list("abcd"))), "cams: expected whole numbers"),
    "objects": (broken(ids=np.array([{}, 1, 2, 3], dtype=object)), "plain arrays"),
}


@pytest.mark.parametrize(("arrays", "said"), BROKEN.values(), ids=BROKEN)
def test_what_does_not_fit_is_said(tmp_path, arrays, said):
    with pytest.raises(FeaturesError, match=said):
        read(write(tmp_path / "f.npz", **arrays), "features")


def test_a_missing_file_and_a_single_array_are_errors(tmp_path):
    with pytest.raises(DataNotFoundError, match="no such file"):
        load_features(tmp_path / "none.npz")
    np.save(tmp_path / "one.npy", rows())
    with pytest.raises(FeaturesError, match="expected an .npz"):
        load_features(tmp_path / "one.npy")


def test_what_is_saved_is_read_back(tmp_path):
    dataset = read(write(tmp_path / "f.npz", feats=rows(), ids=[3, -2, 0, -1], cams=[0, 1, -2, 0]))
    save_features(tmp_path / "deep" / "again.npz", dataset.features, dataset)
    again = read(tmp_path / "deep" / "again.npz")
    assert [(i.key, i.identity, i.camera) for i in again.train] == [
        (i.key, i.identity, i.camera) for i in dataset.train
    ]
    np.testing.assert_allclose(again.features, dataset.features, atol=1e-7)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["again.npz"]


def test_unlabelled_rows_are_saved_without_ids(tmp_path):
    dataset = read(write(tmp_path / "f.npz", feats=rows()))
    save_features(tmp_path / "g.npz", dataset.features, dataset)
    assert set(np.load(tmp_path / "g.npz").files) == {"feats", "filenames"}


def test_names_mean_the_same_in_query_and_gallery(tmp_path):
    query = write(tmp_path / "q.npz", feats=rows(2), ids=["b", "c"])
    gallery = write(tmp_path / "g.npz", feats=rows(3), ids=["c", "a", "b"])
    dataset = read_query_gallery(query, gallery)
    assert dataset.identities("query").tolist() == [2, 3]
    assert dataset.identities("gallery").tolist() == [3, 1, 2]


def test_names_and_numbers_are_matched_as_written(tmp_path):
    query = write(tmp_path / "q.npz", feats=rows(1), ids=[12])
    gallery = write(tmp_path / "g.npz", feats=rows(3), ids=["12", "7", "-1"])
    dataset = read_query_gallery(query, gallery)
    assert dataset.identities("query")[0] == dataset.identities("gallery")[0]


def test_query_and_gallery_that_do_not_fit_are_refused(tmp_path):
    query = write(tmp_path / "q.npz", feats=rows(2), ids=[1, 2])
    with pytest.raises(FeaturesError, match="one length d, got 3 and 5"):
        read_query_gallery(query, write(tmp_path / "g.npz", feats=rows(2, 5), ids=[1, 2]))
    with pytest.raises(FeaturesError, match="expected an array 'ids'"):
        read_query_gallery(query, write(tmp_path / "h.npz", feats=rows(2)))


@pytest.mark.shared
def test_the_published_features_are_read(shared):
    dataset = read(shared / "features" / "omniglot_small_mobilenetv2_112.npz")
    assert dataset.features.shape == (4840, 1280)
    assert len(dataset.identity_names) == 242
    assert dataset.has_truth
