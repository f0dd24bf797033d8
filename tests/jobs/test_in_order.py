"""A function of many items in worker processes."""

from __future__ import annotations

import functools
import json
import multiprocessing
import operator
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import torch

from nasframe.errors import NasframeError
from nasframe.jobs import Trial, Workers, execute, in_order
from tests.toys import TOYS, toy_jobs

pytestmark = pytest.mark.usefixtures("home", "no_worker_is_left")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(in_order(abs, range(-20, 0), workers)) == list(range(20, 0, -1))
    assert list(in_order(abs, [], workers)) == []


def test_a_result_may_be_any_object_that_can_be_pickled() -> None:
    for number, found in enumerate(in_order(toy_jobs.tensor, range(5), 2)):
        assert torch.equal(found["values"], torch.full((300, 300), float(number)))


def test_a_function_with_some_arguments_given_is_a_function_too() -> None:
    assert list(in_order(functools.partial(operator.add, 10), range(3), 2)) == [10, 11, 12]


def test_an_error_of_a_worker_reaches_the_caller_with_its_traceback() -> None:
    with pytest.raises(TypeError) as found:
        list(in_order(operator.neg, ["text"], 2))
    assert "in _call" in found.value.__notes__[0]
    with pytest.raises(ConnectionError, match="lost"):
        list(in_order(functools.partial(raise_, ConnectionError), ["lost"] * 3, 2))
    with pytest.raises(NasframeError, match="no item [012]"):  # whose class cannot be unpickled
        list(in_order(toy_jobs.refuse, range(3), 2))


def raise_(kind: type[Exception], message: str) -> None:
    raise kind(message)


def test_an_item_whose_worker_dies_is_tried_again(home: Path) -> None:
    items = ["", str(home / "once"), ""]
    assert list(in_order(toy_jobs.die_once, items, 2)) == items


def test_an_item_at_which_three_workers_die_is_an_error_in_words() -> None:
    with pytest.raises(NasframeError, match="a worker process died, 3 times at the same item: it ended with"):
        list(in_order(os._exit, [1], 2))


def test_an_item_at_which_three_workers_die_may_have_a_result_and_the_others_have_theirs() -> None:
    found = list(in_order(toy_jobs.die_at, [1, 9, 3, 4], 2, lost=lambda item, end: f"{item}: {end}"))
    assert found == [1, "9: ended with status 9", 3, 4]


def test_an_item_that_hangs_twice_has_a_result_that_says_so_and_the_others_have_theirs() -> None:
    with closing(Workers(2, patience=0.3)) as kept:
        told = kept.in_order(toy_jobs.hang_at, [1, 9, 3, 4], lambda item, end: f"{item}: {end}")
        assert list(told) == [1, "9: hung and said nothing for 0.3 seconds", 3, 4]
        assert list(kept.in_order(operator.neg, [5, 6])) == [-5, -6]
    programs = Path("programs.txt").read_text(encoding="utf-8").split()
    assert len(programs) == 2
    assert not any(lives(int(number)) for number in programs), "what a killed process had started goes on"


def lives(process: int) -> bool:
    """Return True where a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_item_that_hangs_once_is_done_by_another_process(home: Path) -> None:
    items = ["", str(home / "once"), ""]
    assert list(in_order(toy_jobs.hang_once, items, 2, patience=0.3)) == items


def test_an_item_that_hangs_twice_is_an_error_in_words() -> None:
    words = "a worker process hung, 2 times at the same item: it hung and said nothing for 0.2 seconds"
    with pytest.raises(NasframeError, match=words):
        list(in_order(time.sleep, [1000], 2, patience=0.2))


def test_an_item_at_which_processes_die_and_then_hang_is_given_up_too(home: Path) -> None:
    words = "died, 2 times at the same item and hung, 2 times at the same item"
    with pytest.raises(NasframeError, match=words):
        list(in_order(toy_jobs.die_or_hang, [9], 2, patience=0.2))


def test_an_item_that_gives_signs_of_life_may_take_longer_than_the_patience() -> None:
    with closing(Workers(2, patience=1.0)) as workers:
        assert list(workers.in_order(toy_jobs.slow_with_signs, [30, 1])) == [30, 1]


def test_a_caller_that_takes_its_time_makes_no_item_a_silent_one() -> None:
    with closing(Workers(2, patience=0.2)) as workers:
        for number, found in enumerate(workers.in_order(operator.neg, range(12))):
            assert found == -number
            time.sleep(0.3 if number in (0, 6) else 0)


def test_with_patience_and_enough_items_for_one_process_it_is_another_one() -> None:
    assert os.getpid() not in set(in_order(toy_jobs.process, range(5), 0, least=4, patience=60))
    assert set(in_order(toy_jobs.process, range(3), 0, least=4, patience=60)) == {os.getpid()}
    assert set(in_order(toy_jobs.process, range(5), 1, least=4, patience=60)) == {os.getpid()}


def test_this_process_says_at_which_item_it_hangs(capfd: pytest.CaptureFixture[str]) -> None:
    def slow(item: str) -> str:
        time.sleep(0.4 if item == "b.mp4" else 0)
        return item

    assert list(in_order(slow, ["a.mp4", "b.mp4", "c.mp4"], 1, patience=0.1)) == ["a.mp4", "b.mp4", "c.mp4"]
    (line,) = capfd.readouterr().err.splitlines()
    assert line == (
        "nasframe: warning: b.mp4: its work said nothing for 0.1 seconds, and cannot be ended in this "
        "process, as it would be with two or more workers"
    )


def test_few_items_start_no_process() -> None:
    assert set(in_order(toy_jobs.process, range(3), 0, least=4)) == {os.getpid()}


def test_each_worker_calls_the_initializer_first_and_this_process_does_not() -> None:
    assert list(in_order(toy_jobs.begun, range(4), 2, initializer=toy_jobs.begin_process)) == ["yes"] * 4
    assert "BEGUN" not in os.environ


def test_only_a_few_items_are_computed_ahead() -> None:
    begun = Path("begun")
    begun.mkdir()
    results = in_order(touch, [str(begun / str(number)) for number in range(200)], 2)
    for _ in range(10):
        next(results)
    assert len(list(begun.iterdir())) <= 10 + 4 * 2
    results.close()  # type: ignore[attr-defined]


def touch(file: str) -> None:
    Path(file).touch()


@pytest.fixture
def kept() -> Iterator[Workers]:
    with closing(Workers(2)) as workers:
        yield workers


def test_workers_that_are_kept_stay_from_one_list_of_items_to_the_next(kept: Workers) -> None:
    processes = {*kept.in_order(toy_jobs.process, range(8))}
    assert os.getpid() not in processes
    assert {*kept.in_order(toy_jobs.process, range(8))} <= processes


def test_a_list_after_one_that_failed_or_was_left_gets_its_own_results(kept: Workers) -> None:
    with pytest.raises(TypeError):
        list(kept.in_order(operator.neg, [1, "text", 3, 4]))
    assert list(kept.in_order(operator.neg, range(10, 20))) == [*range(-10, -20, -1)]
    left = kept.in_order(operator.neg, range(100, 200))
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert list(kept.in_order(operator.neg, range(10, 20))) == [*range(-10, -20, -1)]


def test_workers_that_die_between_two_lists_are_replaced_however_many() -> None:
    with closing(Workers(4)) as workers:
        list(workers.in_order(toy_jobs.process, range(40)))
        processes = multiprocessing.active_children()
        for process in processes:
            process.kill()
            process.join(60)
        assert len(processes) == 4
        assert list(workers.in_order(operator.neg, range(5))) == [0, -1, -2, -3, -4]


def test_a_worker_may_have_workers_of_its_own() -> None:
    assert list(in_order(toy_jobs.nested, [3, 4], 2)) == [[0, 1, 4], [0, 1, 4, 9]]


def test_a_trial_may_have_workers_of_its_own() -> None:
    trials = [Trial(name, Path(name), "toy_jobs:prepare_inside") for name in "ab"]
    outcomes = execute(trials, Path("study"), workers=2)
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    for name in "ab":
        found, others = json.loads(Path(name, "found.json").read_text(encoding="utf-8"))
        assert found == [0, 1, 4, 9, 16, 25]
        assert others >= 1


SCRIPT = f"""
import sys
sys.path.append({str(TOYS)!r})
import toy_jobs
from nasframe.jobs import in_order
print("begun", flush=True)
def own(item):
    return item
print(list(in_order(own if "own" in sys.argv else toy_jobs.square, range(4), 2)))
"""


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_script_needs_no_guard_around_its_work(method: str, home: Path) -> None:
    forced = "import multiprocessing\nmultiprocessing.get_all_start_methods = lambda: ['spawn']\n"
    Path("script.py").write_text(SCRIPT if method == "forkserver" else forced + SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("begun\n[0, 1, 4, 9]\n", "")


def test_a_function_inside_another_is_refused_in_words() -> None:
    with pytest.raises(NasframeError, match="<lambda>: no worker can import this function"):
        list(in_order(lambda item: item, range(3), 2))


def test_a_function_of_the_script_itself_is_refused_in_words(home: Path) -> None:
    Path("script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py", "own"], capture_output=True, text=True, check=False)
    assert done.stdout == "begun\n"
    assert (
        "NasframeError: own: no worker can import this function, since it is one of the program"
        in done.stderr
    )


def test_a_program_that_leaves_an_iterator_unfinished_ends(home: Path) -> None:
    code = (
        "import operator\nfrom nasframe.jobs import in_order\nleft = in_order(operator.neg, range(99), 2)\n"
    )
    Path("script.py").write_text(f"{code}print(next(left))\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("0\n", "", 0)
