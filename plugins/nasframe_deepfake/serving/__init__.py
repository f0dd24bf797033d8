"""The service: clips are scored over HTTP, with a page for people."""

from __future__ import annotations

from nasframe_deepfake.serving.clip_queue import ClipQueue
from nasframe_deepfake.serving.clip_server import ClipServer
from nasframe_deepfake.serving.host_check import HostCheck
from nasframe_deepfake.serving.page import page_files
from nasframe_deepfake.serving.request_context import RequestContext
from nasframe_deepfake.serving.request_limits import RequestLimits
from nasframe_deepfake.serving.service import Service, serve
from nasframe_deepfake.serving.upload_folder import UploadFolder, remove_left_overs

__all__ = [
    "ClipQueue",
    "ClipServer",
    "HostCheck",
    "RequestContext",
    "RequestLimits",
    "Service",
    "UploadFolder",
    "page_files",
    "remove_left_overs",
    "serve",
]
