"""Everything that the stage `prepare` depends on, by which the cache knows its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from nasframe.errors import DataError
from nasframe_deepfake.datasets import DEFAULT, Listing, hash_of_dataset, read_dataset
from nasframe_deepfake.preparation.contents import contents_of_files, under_several_people
from nasframe_deepfake.preparation.preparing import Preparation
from nasframe_deepfake.preparation.splits import list_leaks, read_own_list

__all__ = ["inputs_of_ties", "preparation_inputs"]


def preparation_inputs(preparation: Preparation) -> dict[str, Any]:
    """Return everything that the result depends on, as values for JSON.

    Raises:
        DataError: the user's list of splits cannot be read.
    """
    plain = {**attrs.asdict(preparation), "faces": preparation.faces.inputs()}
    del plain["split_leaks"]  # came later, and counts where it changes something: see `inputs_of_ties`
    plain["split_list"] = read_own_list(preparation.split_list) if preparation.split_list else None
    code = hash_of_dataset(preparation.dataset)
    return plain if code is None else {**plain, "dataset_code": code}


def inputs_of_ties(source: Path, preparation: Preparation) -> dict[str, Any]:
    """Return what the splits of a folder depend on beside the options and the bytes in it.

    Of several sets together it has the data set in each folder. Else it is empty where every person has one
    name and no content is in several clips of different people, so that all which was prepared before names
    and contents were compared is still taken.

    Raises:
        DataError: the user's list cannot be read, or puts a person into several splits and is to be refused
            then. Whether equal files are clips at all is not known yet.
    """
    try:
        listing = read_dataset(preparation.dataset, source, preparation.desync)
    except DataError:  # the stage will say so
        return {}
    contents = contents_of_files(listing)
    found: dict[str, Any] = {}
    if listing.sets:  # which the name of their folder does not tell
        found["sets"] = {name: [inside.dataset, inside.code] for name, inside in listing.sets.items()}
    tied = under_several_people(listing.clips, contents)
    if listing.spellings or tied or _have_other_targets(listing, preparation.dataset):
        found["ties"] = _TIES
    if preparation.split_list is not None and list_leaks(
        preparation.split_list, listing.clips, contents, preparation.split_leaks
    ):
        found["split_leaks"] = preparation.split_leaks
    return found


_TIES = 1
"""Increased when other names are those of one person, or when people are tied in another way."""


def _have_other_targets(listing: Listing, dataset: str) -> bool:
    """Return True where a target ties people whose name does not begin with `id`: it tied nobody before."""
    sources = {clip.source for clip in listing.clips}
    targets = {target for clip in listing.clips for target in clip.targets}
    return dataset == DEFAULT and any(not name.startswith("id") for name in targets & sources)
