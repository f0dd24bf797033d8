"""All that a request is checked and answered by: one for the whole service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.runtime import Cancellation
from nasframe_deepfake.serving.clip_queue import ClipQueue
from nasframe_deepfake.serving.host_check import HostCheck
from nasframe_deepfake.serving.request_limits import RequestLimits
from nasframe_deepfake.serving.upload_folder import UploadFolder

__all__ = ["RequestContext"]


@frozen
class RequestContext:
    """All that a request is checked and answered by.

    Attributes:
        score: a file → its record; see `detection.verdict`. It is called from several threads, and raises a
            `CancelledError` where nobody waits for the record any more.
        files: path → type and bytes of a file of the page.
        hosts: the check of `Host` and `Origin`.
        limits: of a request.
        queue: of clips.
        uploads: clips on disk.
    """

    score: Callable[[Path, Cancellation], Mapping[str, Any]]
    files: Mapping[str, tuple[str, bytes]]
    hosts: HostCheck
    limits: RequestLimits
    queue: ClipQueue
    uploads: UploadFolder
