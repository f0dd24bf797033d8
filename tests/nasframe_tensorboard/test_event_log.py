"""The file of events: what may stand in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nasframe.errors import RunError
from nasframe_tensorboard.event_log import EventLog


def test_a_pipe_in_the_place_of_the_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.out.tfevents.0000000001.nasframe")
    with pytest.raises(RunError, match="is a pipe; expected a regular file"):
        EventLog.begin(tmp_path, "seconds", 3)
