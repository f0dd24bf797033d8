"""`nasframe watch`: pages of runs and studies as they are now, served to a browser of this machine."""

from __future__ import annotations

from nasframe.watching.service import FIRST_PORT, watch

__all__ = ["FIRST_PORT", "watch"]
