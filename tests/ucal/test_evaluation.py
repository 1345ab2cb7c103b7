"""Retrieval and cluster scores: by hand, against the literal forms, and by their laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from tests import reference_evaluation as reference
from ucal.errors import EmptyDataError, FeaturesError
from ucal.evaluation import (
    adjusted_rand,
    cluster_scores,
    normalized_mutual_information,
    pairwise,
    retrieval,
    wrong_rows,
)


def ints(*values):
    return np.array(values, dtype=np.int64)


def at_angles(*degrees):
    """Give rows of length 1 at these angles: the nearer the angle, the nearer the row."""
    radians = np.deg2rad(np.array(degrees, dtype=np.float64))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def random_case(seed, *, coarse=False, n_query=12, n_gallery=40):
    """Give features, identities and cameras; coarse features make many equal distances."""
    rng = np.random.default_rng(seed)

    def side(n):
        features = rng.integers(-1, 2, (n, 3)).astype(np.float32) if coarse else rng.normal(size=(n, 8))
        features[~features.any(axis=1)] = 1.0
        features = features if coarse else features / np.linalg.norm(features, axis=1, keepdims=True)
        return features.astype(np.float32), rng.integers(-1, 6, n), rng.integers(-2, 3, n)

    (query, query_ids, query_cams), (gallery, gallery_ids, gallery_cams) = side(n_query), side(n_gallery)
    return query, gallery, query_ids, gallery_ids, query_cams, gallery_cams


# -- retrieval -------------------------------------------------------------------------------------


def test_a_hand_worked_query_gives_its_average_precision():
    # ranked by angle: other, match, other, match -> AP = (1/2 + 2/4) / 2 = .5; INP = 2/4
    gallery = at_angles(1, 2, 3, 4)
    scores = retrieval(at_angles(0), gallery, ints(7), ints(1, 7, 2, 7), ints(0), ints(1, 1, 1, 1))
    assert scores.mAP == pytest.approx(0.5)
    assert scores.mINP == pytest.approx(0.5)
    assert (scores.rank1, scores.rank5, scores.rank10) == (0.0, 1.0, 1.0)
    assert scores.cmc[:3] == (0.0, 1.0, 1.0)
    assert scores.n_queries == 1


def test_the_same_identity_in_the_same_camera_is_skipped_not_counted():
    # the two nearest are junk: the third is then the first
    scores = retrieval(at_angles(0), at_angles(1, 2, 3), ints(7), ints(7, 7, 7), ints(5), ints(5, 5, 6))
    assert (scores.mAP, scores.rank1) == (1.0, 1.0)


def test_another_identity_in_the_same_camera_counts():
    scores = retrieval(at_angles(0), at_angles(1, 2), ints(7), ints(8, 7), ints(5), ints(5, 6))
    assert scores.mAP == pytest.approx(0.5)


def test_unknown_cameras_are_never_junk():
    scores = retrieval(at_angles(0), at_angles(1, 2), ints(7), ints(7, 8), ints(-2), ints(-2, -2))
    assert scores.mAP == 1.0


def test_junk_identities_are_out_of_the_gallery_and_distractors_are_in():
    scores = retrieval(at_angles(0), at_angles(1, 2, 3), ints(7), ints(-1, 0, 7), ints(0), ints(1, 1, 1))
    assert scores.mAP == pytest.approx(0.5)


def test_a_query_without_a_relevant_row_does_not_count():
    scores = retrieval(at_angles(0, 90), at_angles(1, 2), ints(7, 9), ints(7, 8), ints(0, 0), ints(1, 1))
    assert (scores.n_queries, scores.mAP) == (1, 1.0)


def test_equal_distances_are_ranked_by_gallery_row():
    same = at_angles(0, 0, 0, 0)
    late = retrieval(at_angles(0), same, ints(7), ints(1, 2, 3, 7), ints(0), ints(1, 1, 1, 1))
    early = retrieval(at_angles(0), same, ints(7), ints(7, 1, 2, 3), ints(0), ints(1, 1, 1, 1))
    assert (late.mAP, early.mAP) == (0.25, 1.0)


@pytest.mark.parametrize("coarse", [False, True], ids=["fine", "with many ties"])
@pytest.mark.parametrize("seed", range(25))
def test_it_equals_the_literal_reference(seed, coarse):
    case = random_case(seed, coarse=coarse)
    expected = reference.retrieval(*case)
    scores = retrieval(*case)
    assert scores.mAP == pytest.approx(expected["mAP"], abs=1e-9)
    assert scores.mINP == pytest.approx(expected["mINP"], abs=1e-9)
    assert scores.cmc == pytest.approx(expected["cmc"], abs=1e-9)
    assert scores.n_queries == expected["n_queries"]


@pytest.mark.parametrize("block", [1, 2, 5, 1000])
def test_the_block_does_not_change_the_result(block):
    case = random_case(3, coarse=True)
    assert retrieval(*case, block=block) == retrieval(*case)


def test_the_arguments_are_not_modified():
    case = random_case(0)
    before = [array.copy() for array in case]
    retrieval(*case)
    assert all(np.array_equal(old, new) for old, new in zip(before, case, strict=True))


@pytest.mark.parametrize("block", [1, 37, None])
def test_near_ties_that_float32_cannot_order_are_ordered_as_the_literal_form_does(block):
    rng = np.random.default_rng(5)
    centre = rng.normal(size=64)
    rows = np.stack([centre + 10.0 ** rng.uniform(-8, 0) * rng.normal(size=64) for _ in range(330)])
    rows[40:60] = rows[60:80]  # exact ties too
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    case = (rows[:30], rows[30:], rng.integers(-1, 9, 30), rng.integers(-1, 9, 300), *rng.integers(-2, 4, (2, 300)))
    case = (*case[:4], case[4][:30], case[5])
    scores, expected = retrieval(*case, block), reference.retrieval(*case)
    assert scores.mAP == pytest.approx(expected["mAP"], abs=1e-9)
    assert scores.mINP == pytest.approx(expected["mINP"], abs=1e-9)
    assert scores.cmc == pytest.approx(expected["cmc"], abs=1e-9)
    assert scores.n_queries == expected["n_queries"]


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_scores_are_shares_and_rank_k_never_falls(seed):
    case = random_case(seed, n_query=6, n_gallery=15)
    if reference.retrieval(*case) is None:
        with pytest.raises(EmptyDataError):
            retrieval(*case)
        return
    scores = retrieval(*case)
    assert 0.0 < scores.mINP <= 1.0
    assert 0.0 < scores.mAP <= 1.0
    assert list(scores.cmc) == sorted(scores.cmc)
    assert (scores.rank1, scores.rank5, scores.rank10) == (scores.cmc[0], scores.cmc[4], scores.cmc[9])


def test_no_valid_query_is_an_error_not_a_zero():
    with pytest.raises(EmptyDataError, match="relevant gallery row"):
        retrieval(at_angles(0), at_angles(1), ints(1), ints(2), ints(0), ints(1))


def test_an_empty_gallery_is_an_error():
    empty = np.zeros((0, 2), np.float32)
    with pytest.raises(EmptyDataError):
        retrieval(at_angles(0), empty, ints(1), ints(), ints(0), ints())


def test_features_with_nan_are_refused():
    broken = at_angles(0)
    broken[0, 0] = np.nan
    with pytest.raises(FeaturesError, match="gallery: expected finite"):
        retrieval(at_angles(0), broken, ints(1), ints(1), ints(0), ints(1))


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(FeaturesError, match="query: expected features"):
        retrieval(at_angles(0, 1), at_angles(1), ints(1), ints(1), ints(0), ints(1))
    with pytest.raises(FeaturesError, match="one length d"):
        retrieval(at_angles(0), np.ones((1, 3), np.float32), ints(1), ints(1), ints(0), ints(1))


@pytest.mark.shared
def test_the_published_features_give_the_figures_of_their_readme(shared):
    from ucal.datasets.features import read_query_gallery

    path = shared / "features" / "omniglot_small_mobilenetv2_112.npz"
    sides = read_query_gallery(path, path)
    # each drawing is its own camera's only one of its character: leave-one-out
    rows = np.arange(0, len(sides.query), 10)
    scores = retrieval(
        sides.query_features[rows],
        sides.gallery_features,
        sides.identities("query")[rows],
        sides.identities("gallery"),
        sides.cameras("query")[rows],
        sides.cameras("gallery"),
    )
    assert scores.n_queries == len(rows)
    assert scores.rank1 == pytest.approx(0.518, abs=0.05)
    assert scores.mAP == pytest.approx(0.230, abs=0.02)


# -- clusters against the truth --------------------------------------------------------------------

labels_and_truth = st.integers(0, 25).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.int64, n, elements=st.integers(-1, 5)), hnp.arrays(np.int64, n, elements=st.integers(-2, 5))
    )
)


def test_a_hand_worked_clustering_gives_its_pairwise_scores():
    # clusters {0,1,2} {3,4}, an outlier 5; truth {0,1} {2,3,4,5}
    # claimed pairs 3 + 1 = 4, true pairs 1 + 6 = 7, both: (0,1) and (3,4) = 2
    scores = pairwise(ints(0, 0, 0, 1, 1, -1), ints(1, 1, 2, 2, 2, 2))
    assert scores.precision == pytest.approx(2 / 4)
    assert scores.recall == pytest.approx(2 / 7)
    assert scores.f1 == pytest.approx(2 * 2 / (4 + 7))


@given(labels_and_truth)
def test_pairwise_scores_equal_those_counted_over_every_pair(case):
    both, claimed, true, _ = reference.pair_counts(*case)
    scores = pairwise(*case)
    assert scores.precision == pytest.approx(both / claimed if claimed else 1.0, abs=1e-9)
    assert scores.recall == pytest.approx(both / true if true else 1.0, abs=1e-9)
    assert scores.f1 == pytest.approx(2 * both / (claimed + true) if claimed + true else 1.0, abs=1e-9)


@given(labels_and_truth)
def test_rand_and_information_equal_scikit_learns(case):
    groups, truth = reference.known(*case)
    if not truth:
        return
    names = [str(group) for group in groups]
    assert adjusted_rand(*case) == pytest.approx(adjusted_rand_score(truth, names), abs=1e-9)
    assert normalized_mutual_information(*case) == pytest.approx(normalized_mutual_info_score(truth, names), abs=1e-9)


@given(labels_and_truth)
def test_wrong_rows_equal_those_counted_cluster_by_cluster(case):
    assert wrong_rows(*case).tolist() == reference.wrong_rows(*case)


@given(labels_and_truth, st.permutations(range(6)))
def test_the_numbers_of_clusters_do_not_matter(case, names):
    labels, truth = case
    renamed = np.where(labels == -1, -1, ints(*names)[labels])
    assert cluster_scores(renamed, truth) == cluster_scores(labels, truth)


def test_the_truth_scores_one_everywhere():
    truth = ints(1, 1, 2, 2, 2, 3)
    scores = cluster_scores(truth, truth)
    assert (scores.pairwise.f1, scores.ari, scores.wrong_rows) == (1.0, 1.0, 0)
    assert scores.nmi == pytest.approx(1.0)
    assert (scores.clusters, scores.outliers) == (3, 0)


def test_all_outliers_claim_nothing_and_find_nothing():
    scores = cluster_scores(ints(-1, -1, -1, -1), ints(1, 1, 2, 2))
    assert (scores.pairwise.precision, scores.pairwise.recall, scores.pairwise.f1) == (1.0, 0.0, 0.0)
    assert (scores.ari, scores.wrong_rows, scores.outliers) == (0.0, 0, 4)


def test_one_cluster_of_everything_has_full_recall_and_no_rand():
    scores = cluster_scores(ints(0, 0, 0, 0), ints(1, 1, 2, 2))
    assert scores.pairwise.recall == 1.0
    assert scores.ari == 0.0
    assert scores.wrong_rows == 2  # a tie: the lowest identity is the majority


def test_rows_of_unknown_identity_are_left_out():
    with_unknown = pairwise(ints(0, 0, 0, 1), ints(1, 1, -2, -1))
    assert with_unknown == pairwise(ints(0, 0), ints(1, 1))


def test_no_rows_at_all_score_one():
    scores = cluster_scores(ints(), ints())
    assert (scores.pairwise.f1, scores.ari, scores.nmi) == (1.0, 1.0, 1.0)


def test_labels_and_identities_of_different_lengths_are_refused():
    with pytest.raises(FeaturesError, match="one label and one identity"):
        pairwise(ints(0, 0), ints(1))


def test_many_rows_need_no_square_array():
    n = 200_000
    labels = np.arange(n, dtype=np.int64) // 10
    scores = cluster_scores(labels, labels // 2)
    assert scores.pairwise.precision == 1.0
    assert scores.pairwise.recall == pytest.approx(9 / 19)
