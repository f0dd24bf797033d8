"""The site of the documentation has every page, no dead link, and fetches nothing from elsewhere."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("zensical")
pytest.importorskip("nbclient")

import nasframe
from docs.builder.api_page import api_page
from docs.builder.pages import PageError, Pages

ROOT = Path(__file__).parents[2]
FOREIGN = re.compile(r"^(?:https?:)?//")


class Page(HTMLParser):
    """What a page links to, what it loads by itself, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if "src" in values:
            self.loads.append(values["src"])
        if "href" in values:
            is_link = tag == "a" or values.get("rel") in ("next", "prev", "canonical")
            (self.links if is_link else self.loads).append(values["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in a copy of the repository: strict, so that every dead link between pages ends it."""
    copy = tmp_path_factory.mktemp("repository")
    for name in ("docs", "nasframe", "examples"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("zensical.toml", "README.md", "SECURITY.md", "CHANGELOG.md"):
        shutil.copyfile(ROOT / name, copy / name)
    for name in ("plugins", "search_spaces", "tests", "benchmarks"):
        (copy / name).symlink_to(ROOT / name)
    made = subprocess.run(
        [sys.executable, "-m", "docs.builder"], cwd=copy, capture_output=True, text=True, timeout=300
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return copy / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    found: list[str] = []

    def walk(item: object) -> None:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            for value in item.values():
                walk(value)
        elif isinstance(item, list):
            for value in item:
                walk(value)

    walk(tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"])
    assert len(found) == len(set(found))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= set(found)
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "examples" / "notebooks").glob("*.ipynb")}
    assert notebooks <= set(found)


def test_the_page_of_the_api_has_every_public_name() -> None:
    assert sorted(re.findall(r"^::: nasframe\.(\w+)$", api_page(), re.MULTILINE)) == sorted(
        set(nasframe.__all__) - {"__version__"}
    )


def test_the_docstring_of_every_public_name_is_on_the_site(pages: dict[Path, Page], site: Path) -> None:
    anchors = pages[site / "api.html"].anchors
    assert {f"nasframe.{name}" for name in nasframe.__all__ if name != "__version__"} <= anchors


def test_no_page_loads_anything_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    assert len(pages) > 30
    assert [
        (path.name, url) for path, page in pages.items() for url in page.loads if FOREIGN.match(url)
    ] == []
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert re.findall(r"url\([\"']?(?:https?:)?//[^)]*|@import[^;]*", text) == []
    for picture in site.rglob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert re.findall(r"(?:href|src)=[\"'](?:https?:)?//[^\"']*|@import", text) == []


def test_every_link_within_the_site_leads_to_a_file_and_an_anchor(
    pages: dict[Path, Page], site: Path
) -> None:
    anchors = {path.resolve(): page.anchors for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith(("#__", "//", "data:")):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            fragment = unquote(parts.fragment) if target.suffix == ".html" else ""
            if not target.is_file() or (fragment and fragment not in anchors[target]):
                dead.append((path.name, link))
    assert dead == []


def test_the_stored_pictures_of_a_notebook_are_on_its_page(pages: dict[Path, Page], site: Path) -> None:
    page = pages[site / "notebooks" / "swap_a_relaxation.html"]
    pictures = [url for url in page.loads if url.startswith("swap_a_relaxation-")]
    assert pictures == ["swap_a_relaxation-1.svg", "swap_a_relaxation-2.svg"]


def test_every_network_of_the_gallery_is_drawn(pages: dict[Path, Page], site: Path) -> None:
    drawn = {url for url in pages[site / "gallery" / "index.html"].loads if url.endswith(".svg")}
    names = {path.stem for path in (ROOT / "docs" / "gallery").glob("*.json")}
    assert len(names) >= 4
    assert {f"{name}.svg" for name in names} <= drawn


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_browser_asks_nobody_else_and_no_page_is_wider_than_a_telephone(address: str, browser: Any) -> None:
    asked: list[str] = []
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in ("index", "commands", "notebooks/swap_a_relaxation", "api", "gallery/index"):
        page.goto(f"{address}{name}.html", wait_until="networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, name
    context.close()
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []


def test_a_link_to_a_file_that_is_not_there_is_named_with_its_page(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("[x](../nowhere.py)", encoding="utf-8")
    with pytest.raises(
        PageError, match=r"docs/page\.md: links to \.\./nowhere\.py, and there is no nowhere\.py"
    ):
        Pages(tmp_path, tmp_path / "target").add("docs/page.md")


def test_a_file_outside_the_docs_comes_along_and_code_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "a.py").write_text("1", encoding="utf-8")
    text = "[x](../examples/a.py)\n\n```md\n[x](../examples/a.py)\n```\n"
    (tmp_path / "docs" / "page.md").write_text(text, encoding="utf-8")
    Pages(tmp_path, tmp_path / "target").add("docs/page.md")
    staged = (tmp_path / "target" / "page.md").read_text(encoding="utf-8")
    assert staged == "[x](files/examples/a.py)\n\n```md\n[x](../examples/a.py)\n```\n"
    assert (tmp_path / "target" / "files" / "examples" / "a.py").read_text(encoding="utf-8") == "1"
