import itertools

import pytest
import torch
from ranked import on_ranks

from soundalike.runtime import ranks


def test_alone_there_is_one_rank_that_waits_for_nobody(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (ranks.rank(), ranks.n_ranks(), ranks.n_ranks_here()) == (0, 1, 1)
    assert ranks.is_first()
    with ranks.connected(), ranks.first_before_others():
        assert ranks.highest([1.5, -2]) == [1.5, -2]
    assert ranks.own_share(7) == slice(0, 7)


@pytest.mark.parametrize("n", [0, 1, 3, 7, 64])
@pytest.mark.parametrize("n_ranks", [1, 2, 4, 5])
def test_the_shares_are_all_items_in_order_and_about_equal(monkeypatch, n, n_ranks):
    monkeypatch.setenv("WORLD_SIZE", str(n_ranks))
    shares = []
    for rank in range(n_ranks):
        monkeypatch.setenv("RANK", str(rank))
        shares.append(list(range(n))[ranks.own_share(n)])
    assert list(itertools.chain(*shares)) == list(range(n))
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert sizes[0] == max(sizes)


def conversation(path):
    with ranks.first_before_others():
        if ranks.is_first():
            path.write_text("written")
        content = path.read_text()
    print("only the first rank prints")
    decision = [7.0] if ranks.is_first() else [0.0]
    return content, ranks.highest([ranks.rank()]), ranks.highest(decision)


def test_ranks_agree_and_find_what_the_first_has_written(tmp_path):
    results = on_ranks(2, conversation, tmp_path / "file")
    assert results == 2 * [("written", [1.0], [7.0])]


@pytest.mark.parametrize("words", ["Connection closed by peer [127.0.0.1]", "NCCL error"])
def test_a_lost_connection_is_one_plain_line(monkeypatch, words):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(torch.distributed, name, lambda *_, **__: None)
    with pytest.raises(ranks.RankError, match="another rank has ended"), ranks.connected():
        raise RuntimeError(words)
    with pytest.raises(RuntimeError, match="shapes do not fit"), ranks.connected():
        raise RuntimeError("shapes do not fit")


@pytest.mark.parametrize(("number", "waits"), [("0", []), ("1", [ranks.PRECEDENCE_S])])
def test_all_ranks_but_the_first_wait_before_they_end_with_an_error(monkeypatch, number, waits):
    slept = []
    monkeypatch.setenv("RANK", number)
    monkeypatch.setattr(ranks.time, "sleep", slept.append)
    ranks.let_the_first_fail_first()
    assert slept == waits
