"""The processes that make one search together, as `torchrun` starts them.

`group` is what a search asks for, and does nothing in one process; `processes` does it in several;
`gradients` and `outputs` are its mathematics; `peers` tells the processes of each other's end; `joining`
makes the group.
"""

from __future__ import annotations

from nasframe.processes.group import ALONE, Group, Message
from nasframe.processes.joining import joined
from nasframe.processes.processes import Processes

__all__ = ["ALONE", "Group", "Message", "Processes", "joined"]
