"""The headers of every answer, which keep pages of other sites and other scripts away from it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ANSWER_HEADERS"]

ANSWER_HEADERS: Mapping[str, str] = {
    # nothing runs but the one script, nothing is asked for but the service; a clip is played from memory
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Header → value."""
