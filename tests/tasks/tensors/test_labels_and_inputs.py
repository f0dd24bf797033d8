"""Labels and inputs as people have them: taken as what they mean, or refused in words."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from nasframe import Experiment, TensorTask
from nasframe.errors import DataError

EXAMPLES = 40
PLAIN = torch.arange(EXAMPLES) % 2
THREE = torch.arange(EXAMPLES) % 3
ROWS = torch.rand(EXAMPLES, 4, 3, generator=torch.Generator().manual_seed(0))


class Column:
    """A column of a data frame, as far as it is asked."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def to_numpy(self) -> Any:
        return np.asarray(self.values)


class Frame(Column):
    """Columns of a data frame."""

    columns = ("fake", "real")


class NAType:
    """The mark of a data frame for what is missing."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


def names(labels: torch.Tensor, *words: str) -> list[str]:
    return [words[label] for label in labels.tolist()]


def task(labels: Any = PLAIN, inputs: Any = None, **options: Any) -> TensorTask:
    return TensorTask({"x": ROWS if inputs is None else inputs}, labels, **options)


def recorded(made: TensorTask) -> Any:
    """The part of an experiment about a task, from which its fingerprint is made."""
    return Experiment.of(task=made, space="bimodal").to_dict()["task"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (PLAIN * 2 - 1, ("-1", "1")),
        (PLAIN + 1, ("1", "2")),
        (PLAIN * 255, ("0", "255")),
        (PLAIN.float(), None),
        (PLAIN.double(), None),
        (PLAIN.half() * 2 - 1, ("-1", "1")),
        (PLAIN.bfloat16(), None),
        (PLAIN.bool(), ("False", "True")),
        (PLAIN.to(torch.int8), None),
        (PLAIN.to(torch.uint8), None),
        (PLAIN.int(), None),
        (PLAIN[:, None], None),
        (PLAIN[None], None),
        (PLAIN.tolist(), None),
        (tuple(PLAIN.tolist()), None),
        ([*PLAIN], None),
        (PLAIN.numpy(), None),
        (PLAIN.numpy().astype("uint16"), None),
        (PLAIN.numpy().astype("uint64"), None),
        (PLAIN.numpy().astype(">i4"), None),
        (PLAIN.numpy().astype("longdouble"), None),
        (PLAIN.numpy().astype(object), None),
        (np.ma.array(PLAIN.numpy()), None),
        (Column(PLAIN), None),
        (Column(names(PLAIN, "fake", "real")), ("fake", "real")),
        (names(PLAIN, "fake", "real"), ("fake", "real")),
        (np.array(names(PLAIN, "fake", "real")), ("fake", "real")),
        (np.array(names(PLAIN, "fake", "real"))[:, None], ("fake", "real")),
        ([name.encode() for name in names(PLAIN, "fake", "real")], ("fake", "real")),
        (torch.nn.functional.one_hot(PLAIN), None),
        (torch.nn.functional.one_hot(PLAIN).float(), None),
        (torch.nn.functional.one_hot(PLAIN, 5), ("0", "1", "2", "3", "4")),
        (Frame(torch.nn.functional.one_hot(PLAIN).bool()), ("fake", "real")),
        (torch.nn.Parameter(PLAIN.float()), None),
        (PLAIN.float().to_sparse(), None),
    ],
)
def test_labels_are_taken_as_the_classes_that_they_mean(labels: Any, classes: tuple[str, ...] | None) -> None:
    found = task(labels)
    assert found.classes == classes
    assert found.labels.dtype == torch.long
    assert torch.equal(found.labels, PLAIN)
    data = found.data({})
    assert data.outputs == (len(classes) if classes else 2)
    assert data.splits.weights.batch(torch.arange(3)).targets.dtype == torch.long


@pytest.mark.parametrize(
    ("labels", "sorted_classes"),
    [
        (THREE * 5 - 10, ("-10", "-5", "0")),
        (names(THREE, "b", "c", "a"), ("a", "b", "c")),
        (THREE * 1000, ("0", "1000", "2000")),
    ],
)
def test_other_labels_are_numbered_in_sorted_order(labels: Any, sorted_classes: tuple[str, ...]) -> None:
    found = task(labels)
    assert found.classes == sorted_classes
    given = labels if isinstance(labels, list) else [str(label) for label in labels.tolist()]
    assert [sorted_classes[number] for number in found.labels.tolist()] == given


def test_class_numbers_stay_what_they_are_and_so_do_outputs_and_fingerprint() -> None:
    numbers = torch.tensor([0, 1, 3, 2]).repeat(10)
    found = task(numbers)
    assert found.labels is numbers
    assert found.classes is None
    assert found.data({}).outputs == 4
    assert found.tensors["x"] is ROWS
    assert recorded(task()) == {
        "name": "nasframe.task:TensorTask",
        "tensors": {"x": "float32 [40, 4, 3] sha256:8dd109a26b510580"},
        "labels": "int64 [40] sha256:37fe2b400662f37e",
        "fractions": [0.4, 0.2, 0.2, 0.2],
        "seed": 0,
    }


@pytest.mark.parametrize("numbers", [(0, 2), (1, 2), (0, 5), (0, 1, 3, 4), (1, 2, 3)])
@pytest.mark.parametrize("as_text", [False, True])
def test_there_are_as_many_classes_as_different_labels(numbers: tuple[int, ...], as_text: bool) -> None:
    given = [numbers[row % len(numbers)] for row in range(EXAMPLES)]
    found = task([*map(str, given)] if as_text else given)
    assert found.classes == tuple(map(str, numbers))
    assert found.labels.tolist() == [row % len(numbers) for row in range(EXAMPLES)]
    assert found.data({}).outputs == len(numbers)


@pytest.mark.parametrize("numbers", [(0, 2), (0, 1, 3, 4), (0, 5)])
def test_classes_may_name_one_that_no_example_has(numbers: tuple[int, ...]) -> None:
    given = torch.tensor(numbers).repeat(EXAMPLES)[:EXAMPLES]
    words = tuple("abcdef"[: numbers[-1] + 1])
    found = task(given, classes=words)
    assert found.labels is given
    assert found.classes == words
    assert found.data({}).outputs == len(words)
    by_name = task([words[number] for number in given.tolist()], classes=words)
    assert recorded(by_name) == recorded(found)
    with pytest.raises(DataError, match=f"there are {len(words) - 1} classes, found the class number"):
        task(given, classes=words[:-1])


def test_labels_of_one_meaning_have_one_fingerprint() -> None:
    assert {
        str(recorded(task(labels)))
        for labels in (PLAIN, PLAIN.tolist(), PLAIN.float(), PLAIN[:, None], PLAIN.numpy())
    } == {str(recorded(task()))}


@pytest.mark.parametrize("labels", [PLAIN * 2 - 1, names(PLAIN, "genuine", "fake"), PLAIN.bool(), PLAIN])
def test_scores_show_the_users_own_labels(labels: Any) -> None:
    found = task(labels)
    test = found.data({}).splits.test()
    scores = found.scores(torch.randn(len(test), 2), test, {})
    assert scores is not None
    negative, positive = found.classes or ("0", "1")
    assert (scores.negative, scores.positive) == (f"label {negative}", f"label {positive}")
    assert {*scores.labels.tolist()} == {0, 1}


def test_names_of_classes_may_be_said_in_their_order() -> None:
    words = names(PLAIN, "real", "fake")
    found = task(words, classes=("real", "fake"))
    assert torch.equal(found.labels, PLAIN)
    assert task(PLAIN, classes=["real", "fake", "unknown"]).data({}).outputs == 3
    with pytest.raises(DataError, match="row 0 holds 'real', which is no class; did you mean 'reel'"):
        task(words, classes=("reel", "fake"))
    with pytest.raises(DataError, match="there are 2 classes, found the class number 2"):
        task(THREE, classes=("real", "fake"))
    with pytest.raises(DataError, match="with `classes` they are class numbers from 0 or names, found -1, 1"):
        task(PLAIN * 2 - 1, classes=("real", "fake"))
    with pytest.raises(DataError, match="classes: expected two or more names, each another"):
        task(PLAIN, classes=("real", "real"))


def with_value(values: Any, rows: list[int], value: Any) -> list[Any]:
    changed = list(values)
    for row in rows:
        changed[row] = value
    return changed


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (PLAIN * 0, "every example has the label 0, so there is nothing to tell apart"),
        (["fake"] * EXAMPLES, "every example has the label fake"),
        (PLAIN.bool() | True, "every example has the label True"),
        (torch.arange(EXAMPLES), "40 classes for 40 examples, such as 0, 1, 2; these look like numbers of"),
        (torch.arange(EXAMPLES) + 1700, "40 classes for 40 examples, such as 1700, 1701, 1702"),
        ([f"id{row:02}" for row in range(EXAMPLES)], "40 classes for 40 examples, such as id00, id01, id02"),
        (PLAIN + 0.25, "no whole number in rows 0, 1, 2 and 37 more, such as 0.25"),
        (PLAIN + 0.25, 'To learn numbers, say kind="number"'),
        (with_value(PLAIN.tolist(), [7], 0.5), "no whole number in row 7, such as 0.5"),
        (with_value(PLAIN.tolist(), [7], 1e300), "whole numbers beyond 9,007,199,254,740,992 in row 7"),
        (with_value(PLAIN.tolist(), [4, 9], float("nan")), "no label in rows 4 and 9"),
        (with_value(PLAIN.tolist(), [4], float("inf")), "no whole number in row 4, such as inf"),
        (with_value(PLAIN.tolist(), [4], None), "no label in row 4"),
        (with_value(PLAIN.tolist(), [4], NAType()), "no label in row 4"),
        (with_value(names(PLAIN, "a", "b"), [3, 5, 6, 8], None), "no label in rows 3, 5, 6 and 1 more"),
        (with_value(names(PLAIN, "a", "b"), [3], " "), "no label in row 3"),
        (with_value(names(PLAIN, "a", "b"), [3], float("nan")), "no label in row 3"),
        (with_value(names(PLAIN, "a", "b"), [3], 5), "row 0 holds a text and row 3 none"),
        (np.ma.array(PLAIN.numpy(), mask=PLAIN.numpy() * 0 + (np.arange(40) == 6)), "no label in row 6"),
        (with_value(PLAIN.tolist(), [4, 9], -1), "-1 in rows 4 and 9 may stand for a missing label"),
        (with_value(PLAIN.tolist(), [4], -100), "-100 in row 4 may stand for a missing label"),
        (with_value(names(PLAIN, "a", "b"), [3], "A "), "'A ' and 'a' differ in blanks or capitals alone"),
        (torch.rand(EXAMPLES, 3), "found the shape (40, 3); expected one label an example, or in each row"),
        (torch.ones(EXAMPLES, 2, 2), "expected one an example, found the shape (40, 2, 2)"),
        (torch.tensor(1), "expected one an example, found the single value 1"),
        (PLAIN.to(torch.complex64), "labels: complex numbers (complex64) are not taken"),
        (PLAIN.to("meta"), "labels: is on the meta device"),
        ("fake", "labels: expected a tensor, an array or a list, found 'fake'"),
        (None, "labels: expected a tensor, an array or a list, found None"),
        ({1: 2}, "labels: expected a tensor, an array or a list, found a dict"),
        ((value for value in PLAIN), "labels: expected a tensor, an array or a list, found a generator"),
        ([[1, 0], [1]] * 20, "labels: cannot be read as an array of numbers"),
        (np.array(["2020-01-01"] * EXAMPLES, dtype="datetime64[D]"), "expected numbers, found dates"),
        ([object()] * EXAMPLES, "labels: expected numbers, found an object in row 0"),
        (PLAIN[1:], "every input needs a row for each of the 39 labels: x has 40"),
    ],
)
def test_labels_that_tell_no_classes_apart_are_refused_in_words(labels: Any, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        task(labels)


@pytest.mark.parametrize(
    "inputs",
    [
        ROWS,
        ROWS.numpy(),
        ROWS.tolist(),
        [*ROWS],
        [*ROWS.numpy()],
        ROWS.double(),
        ROWS.numpy().astype(">f8"),
        ROWS.numpy().astype("longdouble"),
        ROWS.numpy().astype(object),
        ROWS.to_sparse(),
        torch.nn.Parameter(ROWS),
        ROWS.clone().requires_grad_() * 1,
        ROWS.numpy()[::-1].copy()[::-1],
        Column(ROWS),
    ],
)
def test_inputs_are_taken_as_the_numbers_that_they_are(inputs: Any) -> None:
    data = task(inputs=inputs).data({})
    expected = task().data({})
    assert data.inputs == {"x": (4, 3)}
    found = data.splits.weights.batch(torch.arange(5)).inputs["x"]
    assert found.dtype == torch.float32
    assert not found.requires_grad
    assert torch.equal(found, expected.splits.weights.batch(torch.arange(5)).inputs["x"])


@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16, torch.uint8, torch.int64, torch.bool])
def test_inputs_of_other_types_are_kept_and_batches_hold_float32(dtype: torch.dtype) -> None:
    values = (ROWS * 3).to(dtype)
    found = task(inputs=values)
    assert found.tensors["x"] is values
    split = found.data({}).splits.weights
    rows = [int(name) for name in split.identifiers]
    assert torch.equal(split.batch(torch.arange(len(rows))).inputs["x"], values[rows].float())


def test_a_number_an_example_is_a_column_and_a_sparse_matrix_is_dense() -> None:
    assert task(inputs=ROWS[:, 0, 0]).data({}).inputs == {"x": (1,)}
    assert task(inputs=Column(ROWS[:, 0, 0])).data({}).inputs == {"x": (1,)}
    assert task(inputs=csr_matrix(ROWS[:, 0].numpy())).data({}).inputs == {"x": (3,)}


def test_arrays_that_are_mapped_into_memory_stay_there(tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", ROWS.numpy())
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert task(inputs=mapped).tensors["x"].data_ptr() == mapped.ctypes.data


def changed(rows: list[int], value: float) -> torch.Tensor:
    found = ROWS.clone()
    found[rows, 1, 2] = value
    return found


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (changed([5], float("nan")), "input 'x': NaN or infinity in row 5"),
        (changed([5, 9], float("inf")), "input 'x': NaN or infinity in rows 5 and 9"),
        (changed([*range(3, 12)], -float("inf")), "input 'x': NaN or infinity in rows 3, 4, 5 and 6 more"),
        (changed([5], float("nan")).numpy().astype(object), "input 'x': NaN or infinity in row 5"),
        (with_value(ROWS[:, 0, 0].tolist(), [5], None), "input 'x': NaN or infinity in row 5"),
        (changed([5], 1).double() * 1e300, "input 'x': NaN or infinity in rows 0, 1, 2 and 37 more"),
        ((changed([5], 1) * 0).long() - 2**63, "whole numbers beyond 16,777,216 in rows 0, 1, 2 and 37 more"),
        (changed([5], 2**25).long(), "whole numbers beyond 16,777,216 in row 5, which float32 does not"),
        (ROWS.to(torch.complex64), "input 'x': complex numbers (complex64) are not taken; give real and"),
        (ROWS.numpy().astype("complex128"), "input 'x': complex numbers (complex128) are not taken"),
        (ROWS.to("meta"), "input 'x': is on the meta device"),
        (torch.zeros(EXAMPLES, 0, 4), "input 'x': the shape (40, 0, 4) holds no number"),
        (torch.tensor(1.0), "input 'x': expected a row for each example, found a single number"),
        (3, "input 'x': expected a tensor, an array or a list, found 3"),
        (["a"] * EXAMPLES, "input 'x': expected numbers, found texts"),
        (np.array([["a", 1]] * EXAMPLES, dtype=object), "input 'x': expected numbers, found 'a' in row 0"),
        ([*ROWS[:-1], ROWS[0, 1:]], "row 0 has the shape (4, 3), row 39 the shape (3, 3)"),
        ([[1.0, 2.0], [1.0]] * 20, "input 'x': cannot be read as an array of numbers"),
        ([[1.0, 2.0], [1.0]] * 20, "numbers: row 0 has the shape (2,), row 1 the shape (1,)"),
        ([[[1.0, 2.0], [1.0]]] * 40, "numbers: row 0 holds lists of different lengths"),
        (1.0 + 1e-9 * ROWS.double(), "at one place of the examples, which float32 does not tell apart"),
        (1e-60 * ROWS.double(), "at one place of the examples, which float32 does not tell apart"),
        (np.zeros(EXAMPLES, dtype=[("a", float)]), "expected numbers, found records with the fields ['a']"),
        (np.zeros(EXAMPLES, dtype="timedelta64[s]"), "input 'x': expected numbers, found durations"),
        (np.array([2**63] * EXAMPLES, dtype=np.uint64), "9223372036854775808 is too large"),
    ],
)
def test_inputs_that_are_no_finite_numbers_are_refused_with_name_and_rows(inputs: Any, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        task(inputs=inputs)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ROWS, 'inputs: expected them by name, as {"x": …}, found a Tensor'),
        ([ROWS], "inputs: expected them by name"),
        ({1: ROWS}, "inputs: expected text as the name of each, found 1"),
        ({"": ROWS}, "inputs: expected text as the name of each, found ''"),
    ],
)
def test_inputs_without_names_are_refused(given: Any, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        TensorTask(given, PLAIN)


def test_an_input_that_is_constant_but_for_rounding_errors_is_taken() -> None:
    rows = ROWS.double()
    rows[:, 0, 0] = 1.0 + 2e-15 * rows[:, 0, 0]
    rows[:, 0, 1] = -7.0
    assert task(inputs=rows).data({}).inputs == {"x": (4, 3)}


@pytest.mark.parametrize("share", [1e308, torch.tensor(1e-3), np.float32(3), 7])
def test_equal_shares_of_any_size_make_equal_splits(share: Any) -> None:
    splits = task(fractions=(share,) * 4).data({}).splits
    assert [len(part) for part in (splits.weights, splits.architecture, splits.validation)] == [10] * 3


@pytest.mark.parametrize("seed", ["a", None, 1.5, 2**70, True])
def test_a_seed_that_no_generator_takes_is_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number of 64 bits, found "):
        task(seed=seed)


@pytest.mark.parametrize("seed", [-1, 2**64 - 1, np.int64(3)])
def test_a_seed_that_generators_take_is_taken(seed: Any) -> None:
    assert len(task(seed=seed).data({}).splits.weights) == 16


@pytest.mark.parametrize(
    "fractions",
    [
        (1, 1, 1, float("nan")),
        (1, 1, 1, float("inf")),
        (1, 1, 1),
        "abcd",
        "1111",
        None,
        4,
        (1, 1, 1, "1"),
        (1, 1, 1, 10**400),
        (1, 1, 1, torch.ones(2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_shares_are_four_finite_numbers(fractions: Any) -> None:
    with pytest.raises(ValueError, match="fractions must be four numbers above 0"):
        task(fractions=fractions)


def test_splits_of_data_that_was_always_taken_have_the_same_bits() -> None:
    splits = TensorTask({"x": ROWS}, torch.arange(EXAMPLES) % 3, seed=3).data({}).splits
    digest = hashlib.sha256()
    for split in (splits.weights, splits.architecture, splits.validation, splits.test()):
        batch = split.batch(torch.arange(len(split)))
        digest.update(batch.inputs["x"].numpy().tobytes() + batch.targets.numpy().tobytes())
        digest.update(repr(list(split.identifiers)).encode())
    assert digest.hexdigest() == "d164b75c10fc15c36b8b0914f5a144d1d917ac26b7c7288d2d1f1ee82cf54a98"
