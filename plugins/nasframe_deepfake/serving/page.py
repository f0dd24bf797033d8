"""The page of the service and its files, made once. It needs no network but the service itself."""

from __future__ import annotations

from nasframe.display import asset, page_style, render

__all__ = ["page_files"]


def page_files(*, meaning: str, endings: str, limit: int) -> dict[str, tuple[str, bytes]]:
    """Return the path of a file → its type and its bytes.

    Args:
        meaning: of a score.
        endings: of the files that a browser shows for choice.
        limit: largest number of bytes of a clip.
    """
    package = "nasframe_deepfake.serving"
    html = render(package, "page.html", meaning=_sentence(meaning), endings=endings, limit=limit)
    texts = {
        "/": ("text/html", html),
        "/page.css": ("text/css", page_style() + asset(package, "page.css")),
        "/page.js": ("text/javascript", asset(package, "page.js")),
    }
    return {path: (f"{kind}; charset=utf-8", str(text).encode()) for path, (kind, text) in texts.items()}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
