"""Every random stream from one seed and a name."""

from __future__ import annotations

import torch

from nasframe.runtime import forked_seed, generator, one_thread
from nasframe.runtime.seeding import derive_seed


def test_streams_differ_by_seed_and_by_every_name() -> None:
    seeds = [
        derive_seed(0),
        derive_seed(1),
        derive_seed(0, "a"),
        derive_seed(0, "b"),
        derive_seed(0, "a", 1),
        derive_seed(0, "a1"),
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_stream_can_be_made_again_on_its_own() -> None:
    first, second = (torch.rand(3, generator=generator(7, "shuffle", 2)) for _ in range(2))
    assert torch.equal(first, second)


def test_one_thread_inside_the_block_and_as_before_after_it() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_a_seeded_block_gives_the_callers_state_back() -> None:
    state = torch.get_rng_state()
    with forked_seed(3, "dropout"):
        inside = torch.rand(2)
    assert torch.equal(torch.get_rng_state(), state)
    with forked_seed(3, "dropout"):
        assert torch.equal(torch.rand(2), inside)


def test_a_seeded_block_draws_what_its_own_stream_draws() -> None:
    with forked_seed(3, "dropout"):
        inside = torch.rand(2)
    assert torch.equal(inside, torch.rand(2, generator=generator(3, "dropout")))
