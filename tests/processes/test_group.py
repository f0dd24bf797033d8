"""What the processes of a group refuse, and how one hears of the end of another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nasframe.errors import ConfigurationError
from nasframe.processes import ALONE, joined
from nasframe.processes.outputs import rows_of
from nasframe.runtime import launched_processes
from tests.forked_programs import ForkingServer
from tests.processes.conftest import environments

Case = Callable[[str], list[str]]
REFUSED = "RunError: process 1 of the 2 of this search"


@pytest.fixture
def case(programs: ForkingServer, tmp_path: Path) -> Case:
    """`case(name)` is what each of two processes says at the end of a case of `collectives`."""

    def run(name: str) -> list[str]:
        script = str(Path(__file__).with_name("collectives.py"))
        started = [programs.start([script, name, str(tmp_path)], env=env) for env in environments(2)]
        errors = [program.communicate(30)[1] for program in started]
        files = [tmp_path / f"{rank}.txt" for rank in range(2)]
        return [
            file.read_text(encoding="utf-8") if file.exists() else error
            for file, error in zip(files, errors, strict=True)
        ]

    return run


def test_a_process_with_gradients_of_other_parameters_is_named(case: Case) -> None:
    said = f"{REFUSED} has gradients of other parameters than process 0, so it computes another architecture"
    assert case("other_gradients") == [said, said]


def test_a_process_with_other_weights_is_named(case: Case) -> None:
    said = "RunError: after epoch 3, process 1 of the 2 of this search has other weights than process 0"
    assert case("other_states") == [said, said]


def test_processes_draw_numbers_of_their_own_and_go_on_with_the_same_ones(case: Case) -> None:
    (own, after), (other, as_well) = (words.split() for words in case("random_numbers"))
    assert own != other
    assert after == as_well


def test_a_batch_with_fewer_examples_than_processes_is_refused(case: Case) -> None:
    said = (
        "RunError: a batch holds 1, and 2 processes need an example each; take fewer processes, or another "
        "search.batch_size"
    )
    assert case("small_batch") == [said, said]


def test_a_message_of_the_first_process_comes_to_the_others_as_it_was(case: Case) -> None:
    said = "{'epoch': [0, None, 'é']} True"
    assert case("message") == [said, said]


def test_the_others_end_with_the_message_of_a_process_that_fails(case: Case) -> None:
    first, second = case("error_of_one")
    assert first == f"{REFUSED} ended: there is no cheese"
    assert "there is no cheese" in second


def test_a_process_that_is_ended_because_another_failed_says_why(case: Case) -> None:
    first, _ = case("interrupted")
    assert first.rstrip().endswith("process 1 of the 2 of this search ended: there is no cheese")


def test_a_process_that_comes_late_finds_the_others(case: Case) -> None:
    assert case("late") == ["process 0 has ended", "process 1 has ended"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("size", [7, 8, 29])
def test_parts_of_a_batch_are_all_of_it_in_order_and_differ_by_one_row_at_most(count: int, size: int) -> None:
    whole = torch.arange(size)
    parts = [whole[rows_of(rank, count, size)] for rank in range(count)]
    assert torch.equal(torch.cat(parts), whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_one_process_is_alone_and_needs_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environments(2)[0].items():
        monkeypatch.setenv(name, value)
    assert launched_processes() == 2
    monkeypatch.setenv("WORLD_SIZE", "1")
    with joined(torch.device("cpu")) as group:
        assert group is ALONE


def test_a_search_on_gpus_without_nccl_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environments(2)[0].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.distributed, "is_nccl_available", lambda: False)
    with (
        pytest.raises(ConfigurationError, match="needs NCCL, which torch .* lacks; device=cpu needs none"),
        joined(torch.device("cuda")),
    ):
        pass
