"""Four splits that share no group, or those of a list of the user's own."""

from __future__ import annotations

from nasframe_audiovisual.splits.grouping import SPLITS, joined_groups, split_groups
from nasframe_audiovisual.splits.split_list import read_split_list, write_split_list

__all__ = ["SPLITS", "joined_groups", "read_split_list", "split_groups", "write_split_list"]
