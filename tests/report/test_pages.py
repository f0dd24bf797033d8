"""The properties of every page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

KINDS = ("run", "comparison", "sweep", "table", "loops")

Look = Callable[..., Any]

LEAST_CONTRAST = 4.5
"""The least contrast of text in the Web Content Accessibility Guidelines, level AA."""

TEXTS = (
    "h1",
    "h2",
    "section p",
    "section th",
    "section td",
    ".tiles dt",
    "header p",
    "summary",
    ".chart text",
)


def contrast(first: str, second: str) -> float:
    """Ratio of two colours as a browser computes them: `rgb(1, 2, 3)`."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        r, g, b = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def colours(page: Any, selector: str) -> tuple[str, str]:
    """Return the colours of a text and of its background."""
    found: list[str] = page.locator(selector).first.evaluate(
        """(element) => {
            const style = getComputedStyle(element);
            const text = element instanceof SVGElement ? style.fill : style.color;
            let box = element;
            const clear = (part) => getComputedStyle(part).backgroundColor === "rgba(0, 0, 0, 0)";
            while (box && clear(box)) box = box.parentElement;
            return [text, getComputedStyle(box || document.documentElement).backgroundColor];
        }"""
    )
    return found[0], found[1]


def background(page: Any) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_logs_no_error_and_requests_nothing_but_itself(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    page = look(pages[kind])
    page.wait_for_load_state("networkidle")
    assert page.wrongs == []
    # the browser itself would refuse what the page might ask for later
    page.evaluate("fetch('https://example.org/').catch(() => {})")
    assert any("Content Security Policy" in wrong for wrong in page.wrongs)
    assert not any(wrong.startswith("request") for wrong in page.wrongs)


@pytest.mark.parametrize("width", [360, 800, 1440])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_overflows_a_page(kind: str, width: int, pages: dict[str, Path], look: Look) -> None:
    page = look(pages[kind], width=width)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    # nothing sticks out of the page where it would be cut off
    assert not page.evaluate(
        """[...document.querySelectorAll('section, section > *, header > *')]
            .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
            .map((part) => part.outerHTML.slice(0, 80))"""
    )


@pytest.mark.parametrize("width", [800, 1200])
def test_no_table_of_the_loops_is_wider_than_its_box(width: int, pages: dict[str, Path], look: Look) -> None:
    page = look(pages["loops"], width=width)
    boxes = page.evaluate(
        """[...document.querySelectorAll('.scroll')].map((part) => [part.scrollWidth, part.clientWidth])"""
    )
    assert len(boxes) == 4
    assert all(wide <= room for wide, room in boxes), boxes


def test_a_chart_alone_has_no_larger_letters_than_the_text(pages: dict[str, Path], look: Look) -> None:
    page = look(pages["loops"], width=1440)
    largest = page.evaluate(
        """Math.max(...[...document.querySelectorAll('.chart text')].map((part) =>
            parseFloat(getComputedStyle(part).fontSize) * part.getScreenCTM().a))"""
    )
    text = page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)")
    assert largest <= text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_text_can_be_read_in_light_and_in_dark(
    kind: str, scheme: str, pages: dict[str, Path], look: Look
) -> None:
    page = look(pages[kind], color_scheme=scheme)
    for selector in TEXTS:
        if page.locator(selector).count():
            text, behind = colours(page, selector)
            assert contrast(text, behind) >= LEAST_CONTRAST, f"{selector}: {text} on {behind}"


def test_the_page_follows_the_colours_of_the_system(pages: dict[str, Path], look: Look) -> None:
    page = look(pages["run"], color_scheme="light")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    assert contrast(light, background(page)) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_the_keyboard_changes_the_colours_and_the_choice_is_remembered(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    page = look(pages[kind], color_scheme="light")
    light = background(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "theme"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    assert background(page) != light
    assert page.evaluate("localStorage.getItem('nasframe-theme')") == "dark"
    # Not by a reload at once: a busy browser loses what its process for storage has not yet taken.
    page.add_init_script("localStorage.setItem('nasframe-theme', 'dark')")
    page.reload()
    assert background(page) != light
    page.locator("#theme").press("Space")
    assert background(page) == light
    assert page.evaluate("localStorage.getItem('nasframe-theme')") == "light"


@pytest.mark.parametrize("kind", KINDS)
def test_on_paper_there_are_no_controls_and_the_page_is_white(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    page = look(pages[kind], color_scheme="dark")
    assert page.locator("#theme").is_visible()
    page.emulate_media(media="print")
    assert page.evaluate(
        "[...document.querySelectorAll('.controls')].every((part) => !part.getClientRects().length)"
    )
    assert background(page) == "rgb(255, 255, 255)"
    text, behind = colours(page, "section p")
    assert contrast(text, behind) >= LEAST_CONTRAST


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_has_a_name_and_no_two_parts_have_one_id(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    page = look(pages[kind])
    names = page.evaluate(
        """[...document.querySelectorAll('svg, img')]
            .filter((picture) => picture.getAttribute('aria-hidden') !== 'true')
            .map((picture) => picture.getAttribute('role') === 'img' && picture.getAttribute('aria-label'))"""
    )
    assert all(name and len(name) > 8 for name in names)
    assert page.locator("svg[role=img]").count() > (kind != "loops")
    identifiers = page.evaluate("[...document.querySelectorAll('[id]')].map((part) => part.id)")
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("kind", KINDS)
def test_headings_are_in_order_and_the_contents_lead_to_them(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    page = look(pages[kind])
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((head) => +head.tagName[1])")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    targets = page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash)")
    assert len(targets) == page.locator("h2").count()
    assert all(page.locator(target).count() == 1 for target in targets)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_small(kind: str, pages: dict[str, Path]) -> None:
    assert pages[kind].stat().st_size < 1_000_000
