"""The rows of the four splits: as a column says, else divided by shares, with groups together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import torch
from torch import Tensor

from nasframe.errors import DataError, near_names, nearest
from nasframe.runtime import counted, shorten
from nasframe.tasks.data import SPLITS
from nasframe.tasks.data_files.csv_table import exact_number_in
from nasframe.tasks.tensors import stratified_rows

__all__ = ["SPLIT_SPELLINGS", "grouped_rows", "rows_of_splits"]

SPLIT_SPELLINGS = {
    **dict(zip(SPLITS, SPLITS, strict=True)),
    "arch": "architecture",
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "dev"), "validation"),
    **dict.fromkeys(("testing", "tst"), "test"),
}
"""Spelling of a split, without capitals → the split, or `train`, which is divided."""

_SHOWN = 40


def rows_of_splits(
    strata: Tensor,
    count: int,
    shares: Sequence[float],
    seed: int,
    *,
    split: Sequence[str] | None = None,
    group: Sequence[str] | None = None,
    place: Callable[[int], str] = "row {}".format,
) -> dict[str, Tensor]:
    """Return split → the numbers of its rows, in ascending order.

    Args:
        strata: `(examples,)`, groups of examples that are spread evenly over the splits.
        count: number of strata.
        shares: of the four splits. Those that `split` does not name are divided among the rows of `train`.
        seed: of the order.
        split: of each row: weights, architecture, validation or test; or train, validation and test.
        group: of each row; no group is in two splits.
        place: row number → its place in words, for an error.

    Raises:
        DataError: an unknown split, one without a row, a group in two splits that `split` names, or two
            spellings of a group.
    """
    if group is not None:
        _check_spellings(group, place)
    everything = torch.arange(len(strata))
    if split is None:
        parts = _divided(everything, SPLITS, strata, count, shares, seed, group)
    else:
        parts = _given(split, place)
        if group is not None:
            _check_groups(parts, group, place)
        train = parts.pop("train", None)
        missing = [name for name in SPLITS if name not in parts]
        if train is None and missing:
            raise DataError(
                f"split: no row of {' and '.join(missing)}; expected all of {', '.join(SPLITS)}, or train, "
                "which is divided"
            )
        if train is not None:
            both = [name for name in SPLITS[:2] if name in parts]
            if both:
                raise DataError(
                    f"split: holds train, which is divided into weights and architecture, and also "
                    f"{both[0]}; expected one or the other"
                )
            of_train = [shares[SPLITS.index(name)] for name in missing]
            parts |= _divided(train, missing, strata, count, of_train, seed, group)
    return {name: parts[name].sort().values for name in SPLITS}


def grouped_rows(
    group: Sequence[str], strata: Tensor, count: int, shares: Sequence[float], seed: int
) -> list[Tensor]:
    """Return the row numbers of parts with about these shares of the rows, each group in one of them.

    Raises:
        DataError: there are fewer groups than parts, or a part gets none.
    """
    names = sorted(set(group))
    if len(names) < len(shares):
        raise DataError(f"group: {len(names)} groups are too few for {len(shares)} splits")
    number = {name: place for place, name in enumerate(names)}
    member = torch.tensor([number[name] for name in group])
    counts = torch.zeros(len(names), count, dtype=torch.long)
    counts.index_put_((member, strata), torch.ones(len(member), dtype=torch.long), accumulate=True)
    # the groups in an order in which those of one stratum are spread evenly, as examples are
    order = torch.cat(stratified_rows(counts.argmax(1), count, [1.0], seed))
    sizes = counts.sum(1)[order].double()
    middle = (sizes.cumsum(0) - sizes / 2) / sizes.sum()
    ends = torch.tensor([float(share) for share in shares], dtype=torch.float64).cumsum(0)
    part_of_place = torch.searchsorted(ends / ends[-1], middle).clamp(max=len(shares) - 1)
    part = torch.empty(len(names), dtype=torch.long)
    part[order] = part_of_place
    found = [(part[member] == place).nonzero().flatten() for place in range(len(shares))]
    empty = next((place for place, rows in enumerate(found) if not len(rows)), None)
    if empty is not None:
        raise DataError(
            f"group: the {len(names)} groups are too large for the shares {list(shares)}: part {empty + 1} "
            "gets none of them"
        )
    return found


def _divided(
    rows: Tensor,
    names: Sequence[str],
    strata: Tensor,
    count: int,
    shares: Sequence[float],
    seed: int,
    group: Sequence[str] | None,
) -> dict[str, Tensor]:
    if len(rows) < len(names):
        raise DataError(
            f"{counted(len(rows), 'example is', 'examples are')} too few for {counted(len(names), 'split')}"
        )
    if group is None:
        parts = stratified_rows(strata[rows], count, shares, seed)
    else:
        parts = grouped_rows([group[row] for row in rows.tolist()], strata[rows], count, shares, seed)
    return {name: rows[part] for name, part in zip(names, parts, strict=True)}


def _given(split: Sequence[str], place: Callable[[int], str]) -> dict[str, Tensor]:
    found: dict[str, list[int]] = {}
    for row, text in enumerate(split):
        name = SPLIT_SPELLINGS.get(text.strip().casefold())
        if name is None and exact_number_in(text.strip()) is not None:
            raise DataError(
                f"split: {place(row)} holds the number {shorten(text, _SHOWN)!r}, and numbers, such as those "
                f"of folds, are no splits; write {', '.join(SPLITS)}, or train, validation, test"
            )
        if name is None:
            given, usual = text.strip().casefold(), [*SPLITS, "train"]
            near = nearest(given, usual if near_names(given, usual) else [*SPLIT_SPELLINGS])
            raise DataError(f"split: {place(row)} holds {shorten(text, _SHOWN)!r}{near}")
        found.setdefault(name, []).append(row)
    return {name: torch.tensor(rows) for name, rows in found.items()}


def _check_spellings(group: Sequence[str], place: Callable[[int], str]) -> None:
    """Refuse two texts that may mean one group, which would be divided between splits."""
    alike: dict[str | Decimal, int] = {}
    seen: set[str] = set()
    for row, name in enumerate(group):
        if name in seen:
            continue
        seen.add(name)
        number = exact_number_in(name.strip())
        first = alike.setdefault(" ".join(name.split()).casefold() if number is None else number, row)
        if group[first] != name:
            why = "differ in blanks or capitals alone" if number is None else "are one number"
            raise DataError(
                f"group: {shorten(name, _SHOWN)!r} ({place(row)}) and "
                f"{shorten(group[first], _SHOWN)!r} ({place(first)}) {why}; write a group in one way"
            )


def _check_groups(parts: dict[str, Tensor], group: Sequence[str], place: Callable[[int], str]) -> None:
    """Refuse a group in two given splits; what is train here may be divided between groups."""
    owners: dict[str, tuple[str, int]] = {}
    for name, rows in parts.items():
        for row in rows.tolist():
            other, first = owners.setdefault(group[row], (name, row))
            if other != name:
                raise DataError(
                    f"group: {shorten(group[row], _SHOWN)!r} is in two splits: {place(first)} in {other}, "
                    f"{place(row)} in {name}"
                )
