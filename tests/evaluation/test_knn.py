"""kNN against its definition in plain loops, and what must not affect it."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.evaluation.neighbors import ROWS_AT_ONCE


def majority(classes):
    """The most frequent class; the lowest in a tie."""
    votes = Counter(classes)
    return min(votes, key=lambda c: (-votes[c], c))


def neighbors_in_loops(queries, query_clips, references, reference_clips, labels, k):
    """For each clip, the labels of the neighbors of each of its patches."""
    of_clip = {}
    for query, clip in zip(queries, query_clips.tolist(), strict=True):
        others = [
            (float(query @ reference / (query.norm() * reference.norm())), label)
            for reference, other, label in zip(
                references, reference_clips.tolist(), labels.tolist(), strict=True
            )
            if other != clip
        ]
        others.sort(key=lambda pair: -pair[0])
        kth = others[:k][-1][0]
        of_clip.setdefault(clip, []).append([label for near, label in others if near >= kth - 1e-9])
    return [of_clip[clip] for clip in sorted(of_clip)]


def knn_in_loops(*clips_and_k):
    """The class of each clip with one label: the majority of its patches' majorities."""
    return [
        majority([majority(neighbors) for neighbors in patches])
        for patches in neighbors_in_loops(*clips_and_k)
    ]


def predict(*arguments, **settings):
    return knn_scores(*arguments, **settings).argmax(dim=1).tolist()


def random_set(n_clips, n_classes, seed, most_patches=4, dim=5):
    generator = torch.Generator().manual_seed(seed)
    n_patches = torch.randint(1, most_patches + 1, (n_clips,), generator=generator)
    clips = torch.arange(n_clips).repeat_interleave(n_patches)
    clips = clips[torch.randperm(len(clips), generator=generator)]
    labels = torch.randint(n_classes, (n_clips,), generator=generator)
    patches = torch.randn(len(clips), dim, generator=generator, dtype=torch.float64)
    return patches, clips, labels[clips]


def random_rows(n_clips, n_classes, seed):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(n_clips, n_classes, generator=generator) < 0.4).float()


@given(
    n_clips=st.integers(2, 12),
    n_classes=st.integers(1, 4),
    k=st.integers(1, 60),
    chunk=st.integers(1, 50),
    bf16_first=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_leave_one_clip_out_equals_the_definition(n_clips, n_classes, k, chunk, bf16_first, seed):
    # Ties are common with so few classes and patches, and k may exceed the number of patches.
    patches, clips, labels = random_set(n_clips, n_classes, seed)
    predicted = predict(
        patches, clips, patches, clips, labels, n_classes, k=k, chunk=chunk, bf16_first=bf16_first
    )
    assert predicted == knn_in_loops(patches, clips, patches, clips, labels, k)


@given(k=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_clips_outside_the_references_are_compared_with_all_of_them(k, seed):
    references, reference_clips, labels = random_set(6, 3, seed)
    queries, query_clips, _ = random_set(5, 3, seed + 1)
    query_clips = query_clips + 6
    predicted = predict(queries, query_clips, references, reference_clips, labels, 3, k=k)
    assert predicted == knn_in_loops(queries, query_clips, references, reference_clips, labels, k)


@given(k=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_a_score_is_the_fraction_of_patches_that_vote_for_the_class(k, seed):
    patches, clips, labels = random_set(6, 3, seed)
    scores = knn_scores(patches, clips, patches, clips, labels, 3, k=k)
    expected = [
        [votes.count(c) / len(votes) for c in range(3)]
        for of_clip in neighbors_in_loops(patches, clips, patches, clips, labels, k)
        for votes in [[majority(neighbors) for neighbors in of_clip]]
    ]
    torch.testing.assert_close(scores, torch.tensor(expected))


@given(k=st.integers(1, 60), chunk=st.integers(1, 50), seed=st.integers(0, 2**32 - 1))
def test_with_several_labels_a_vote_is_the_fraction_of_neighbors(k, chunk, seed):
    patches, clips, _ = random_set(8, 3, seed)
    labels = random_rows(8, 3, seed)[clips]
    scores = knn_scores(patches, clips, patches, clips, labels, 3, k=k, chunk=chunk)
    expected = [
        torch.tensor([torch.tensor(labels_of).mean(dim=0).tolist() for labels_of in of_clip])
        for of_clip in neighbors_in_loops(patches, clips, patches, clips, labels, k)
    ]
    torch.testing.assert_close(scores, torch.stack([votes.mean(dim=0) for votes in expected]))


def test_neighbors_without_any_class_count():
    references = torch.eye(4)
    labels = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    clips = torch.arange(4)
    scores = knn_scores(torch.ones(1, 4), torch.tensor([9]), references, clips, labels, 2, k=4)
    assert scores.tolist() == [[0.5, 0.25]]


def test_with_one_neighbor_both_kinds_of_labels_give_the_same_scores():
    patches, clips, labels = random_set(20, 4, seed=5)
    rows = torch.eye(4)[labels]
    by_class = knn_scores(patches, clips, patches, clips, labels, 4, k=1)
    by_rows = knn_scores(patches, clips, patches, clips, rows, 4, k=1)
    torch.testing.assert_close(by_class, by_rows)


def test_labels_belong_to_the_compared_references():
    # Each class is one direction, so every neighbor is right. Classes alternate, so an index that
    # skipped the clip's own patches would give the label of another class.
    n_classes, n_patches_each = 4, 3
    clips = torch.arange(3 * n_classes).repeat_interleave(n_patches_each)
    labels = clips % n_classes
    patches = torch.eye(n_classes)[labels]
    predicted = predict(patches, clips, patches, clips, labels, n_classes, k=6)
    assert predicted == [0, 1, 2, 3] * 3


def test_a_clip_does_not_vote_for_itself():
    # The first clip lies apart from the others, so its nearest patches are its own.
    patches = torch.tensor([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 6)
    clips = torch.tensor([0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
    labels = torch.tensor([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    predicted = predict(patches, clips, patches, clips, labels, n_classes=2, k=4)
    assert predicted[0] == 0


def test_all_references_that_tie_with_the_last_neighbor_count():
    references = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    query, clips = torch.tensor([[2.0, 1.0]]), torch.arange(4)
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        scores = knn_scores(
            query, torch.tensor([9]), references[order], clips, labels[order], 2, k=2
        )
        assert scores.tolist() == [[0.25, 0.5]]


def test_the_order_of_the_references_does_not_matter():
    patches, clips, labels = random_set(30, 3, seed=6)
    patches = patches.round()  # makes many of them equal
    order = torch.randperm(len(clips), generator=torch.Generator().manual_seed(1))
    ids = 100 - clips  # clip ids do not matter either
    scores = knn_scores(patches, clips, patches, clips, labels, 3, k=5)
    mixed = knn_scores(patches, ids, patches[order], ids[order], labels[order], 3, k=5)
    torch.testing.assert_close(mixed.flip(0), scores)


def test_the_lower_class_wins_a_tie():
    references = torch.tensor([[1.0, 0.0], [1.0, 0.1]])
    for labels in ([1, 2], [2, 1]):
        predicted = predict(
            torch.tensor([[1.0, 0.05]]), torch.tensor([9]), references,
            torch.tensor([0, 1]), torch.tensor(labels), n_classes=3, k=2,
        )  # fmt: skip
        assert predicted == [1]


def test_the_length_of_an_embedding_does_not_matter():
    patches, clips, labels = random_set(12, 3, seed=4)
    scale = torch.rand(len(patches), 1, dtype=torch.float64) + 0.1
    plain = predict(patches, clips, patches, clips, labels, 3, k=5)
    scaled = predict(patches * scale, clips, patches, clips, labels, 3, k=5)
    assert plain == scaled


@given(
    closeness=st.floats(0, 1),
    k=st.integers(1, 60),
    n_queries=st.integers(0, 300),
    seed=st.integers(0, 2**32 - 1),
)
def test_comparing_in_bfloat16_first_changes_no_score(closeness, k, n_queries, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (300,), generator=generator)
    directions = torch.randn(4, 32, generator=generator)
    patches = torch.randn(300, 32, generator=generator)
    patches = (
        closeness * directions[labels] + (1 - closeness) * patches
    )  # at 1, all of a class are equal
    clips = torch.arange(300) // 2
    arguments = patches[:n_queries], clips[:n_queries], patches, clips, labels, 4, k
    assert torch.equal(knn_scores(*arguments, bf16_first=True), knn_scores(*arguments))


def test_queries_that_bfloat16_cannot_decide_are_compared_again():
    # The three of class 1 are nearer by a thousandth, which bfloat16 rounds away.
    angle = torch.tensor([0.5] * 30 + [0.499] * 3)
    references = torch.stack([angle.cos(), angle.sin()], dim=1)
    labels = torch.tensor([0] * 30 + [1] * 3)
    assert references.bfloat16().unique(dim=0).shape[0] == 1
    arguments = torch.tensor([[1.0, 0.0]]), torch.tensor([99]), references, torch.arange(33), labels
    assert predict(*arguments, n_classes=2, k=3, bf16_first=True) == [1]


@pytest.mark.parametrize("bf16_first", [False, True])
@pytest.mark.parametrize("n_queries", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_the_number_of_queries_at_once_does_not_matter(n_queries, bf16_first):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(400, 8, generator=generator)
    clips, labels = torch.arange(400) // 2, torch.arange(400) // 2 % 5
    arguments = z[:n_queries], clips[:n_queries], z, clips, labels, 5, 20
    scores = knn_scores(*arguments, bf16_first=bf16_first)
    assert scores.shape == ((n_queries + 1) // 2, 5)
    assert torch.equal(scores, knn_scores(*arguments, chunk=7, bf16_first=bf16_first))


@pytest.mark.parametrize("bf16_first", [False, True])
def test_a_single_clip_has_no_neighbors(bf16_first):
    patches = torch.randn(3, 4)
    clips, labels = torch.zeros(3, dtype=torch.long), torch.zeros(3, dtype=torch.long)
    with pytest.raises(ValueError, match="another clip"):
        knn_scores(patches, clips, patches, clips, labels, n_classes=1, bf16_first=bf16_first)


def test_default_k_is_the_patches_of_an_average_class() -> None:
    assert default_k(10_634, 20) == 200
    assert default_k(100, 20) == 5
    assert default_k(3, 20) == 1
