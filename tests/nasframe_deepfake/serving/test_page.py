"""The page in a browser: the clip, its curve and its verdict, with keys and without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.nasframe_audiovisual.films import write_film
from tests.nasframe_deepfake.serving.conftest import LIMIT, PATIENCE, Running, Serving

Opened = Callable[..., Any]

HOSTILE = "<img src=x onerror=document.title='run'>&amp;.mkv"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds that every browser plays."""
    return write_film(
        tmp_path_factory.mktemp("page") / "clip.webm",
        video="libvpx",
        audio=None,
        seconds=4.0,
        pictures=lambda moment: np.full((48, 64, 3), round(60 * moment), np.uint8),
        rate=10,
    )


@pytest.fixture
def visit(browser: Any) -> Iterator[Opened]:
    """Open the page: `visit(running, width=…, **options of the context)`. Wrongs are in `.wrongs`."""
    contexts = []

    def visit(running: Running, *, width: int = 1200, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        page.wrongs = []
        page.on("console", lambda message: page.wrongs.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: page.wrongs.append(f"error: {error}"))
        page.on("request", lambda request: note(request.url))

        def note(url: str) -> None:
            if not url.startswith((running.url, f"blob:{running.url}", "data:,")):
                page.wrongs.append(f"request: {url}")

        page.goto(running.url)
        return page

    yield visit
    for context in contexts:
        context.close()


def choose(page: Any, file: Any) -> None:
    """Choose a file, and wait for the answer."""
    page.get_by_label("Choose a video file").set_input_files(file)
    page.locator("#result").wait_for()


def until(page: Any, script: str) -> None:
    """Wait for a script to be true. Playwright's own waiting breaks the policy of the page."""
    for _ in range(round(PATIENCE / 0.05)):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"it never is so: {script}")


def mark(page: Any) -> float:
    """The second at which the line in the curve is."""
    line, svg = page.locator("#curve .now"), page.locator("#curve svg")
    x, width = float(line.get_attribute("x1")), float(svg.get_attribute("width"))
    return (x - 34) / (width - 34 - 12) * 4


def test_the_page_shows_the_clip_its_curve_and_its_verdict(
    serving: Serving, visit: Opened, clip: Path
) -> None:
    running = serving()
    page = visit(running)
    choose(page, clip)
    assert page.get_by_role("heading", name="Fake", exact=True).is_visible()
    summary = page.locator("#summary").inner_text()
    assert "clip.webm has the score 0.900, on a scale from 0 (genuine) to 1 (fake)" in summary
    assert "at or above the threshold 0.500" in summary
    assert "leaned on the sound more than on the pictures" in summary
    assert page.get_by_text("This detector is a stand-in.").is_visible()
    assert page.get_by_role("status").inner_text() == "Fake, score 0.900."
    until(page, "document.querySelector('video').videoWidth === 64")
    assert page.get_by_role("img", name="2 of 3 seconds reach the threshold 0.500.").is_visible()
    assert page.locator("#curve .over").count() == 2
    assert page.locator("#curve .gap").count() == 1
    assert "3.0 s to 4.0 s: no face" in page.locator("#left-out").inner_text()
    assert page.get_by_text("It is not a proof").is_visible()
    assert page.wrongs == []
    running.wait_until_empty()


def test_a_stream_that_is_not_read_is_neither_named_nor_scored_on_the_page(
    serving: Serving, visit: Opened
) -> None:
    page = visit(serving())
    choose(page, {"name": "clip.mp4", "mimeType": "video/mp4", "buffer": b"pictures alone"})
    assert page.get_by_role("heading", name="Genuine", exact=True).is_visible()
    summary = page.locator("#summary").inner_text()
    assert summary.endswith("The detector leaned on the pictures alone.")
    facts = page.locator("#facts").inner_text()
    assert "score of the pictures, without the sound" in facts
    assert "score of the sound" not in facts
    assert page.wrongs == []


def test_a_click_on_the_curve_and_on_a_suspicious_second_seek_the_clip(
    serving: Serving, visit: Opened, clip: Path
) -> None:
    page = visit(serving())
    choose(page, clip)
    until(page, "document.querySelector('video').readyState > 0")
    page.get_by_role("button", name="1.0 s to 2.6 s").click()
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(1)
    assert mark(page) == pytest.approx(1, abs=0.02)
    box = page.locator("#curve").bounding_box()
    page.mouse.click(box["x"] + 34 + (box["width"] - 46) * 0.625, box["y"] + 80)
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(2.5, abs=0.02)
    assert mark(page) == pytest.approx(2.5, abs=0.02)
    assert page.locator("#here").inner_text() == "2.5 s: score 0.800, like a fake"


def test_the_curve_is_walked_with_keys_and_each_second_has_words(
    serving: Serving, visit: Opened, clip: Path
) -> None:
    page = visit(serving())
    choose(page, clip)
    slider = page.get_by_role("slider", name="Second")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.1 s, score 0.200, like a genuine clip"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "3.9 s, left out: no face"
    page.get_by_text("Scores as a table").press("Enter")
    rows = page.get_by_role("region", name="Scores of the seconds").locator("tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows] == [
        ["0.0", "1.0", "0.200"],
        ["1.0", "2.0", "0.900"],
        ["2.0", "3.0", "0.800"],
        ["3.0", "4.0", "no face"],
    ]


def test_everything_is_reached_with_the_tabulator(serving: Serving, visit: Opened, clip: Path) -> None:
    page = visit(serving())
    choose(page, clip)
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"choose", "video", "second", "BUTTON", "SUMMARY"} <= {*reached}


def test_the_line_moves_while_the_clip_plays(serving: Serving, visit: Opened, clip: Path) -> None:
    page = visit(serving())
    choose(page, clip)
    page.evaluate("document.querySelector('video').play()")
    until(page, "document.querySelector('video').currentTime > 0.3")
    page.evaluate("document.querySelector('video').pause()")
    assert mark(page) > 0.2
    assert page.locator("#second").input_value() != "0"


def test_a_file_that_the_browser_cannot_play_has_the_curve_alone(serving: Serving, visit: Opened) -> None:
    page = visit(serving())
    choose(page, {"name": "clip.mkv", "mimeType": "", "buffer": b"no clip for a browser"})
    page.get_by_text("This browser cannot play this file").wait_for()
    assert not page.locator("video").is_visible()
    page.get_by_role("button", name="1.0 s to 2.6 s").click()
    assert mark(page) == pytest.approx(1, abs=0.02)


def test_a_refusal_has_words_in_place_of_a_number(serving: Serving, visit: Opened) -> None:
    page = visit(serving())
    choose(page, {"name": "me.mp4", "mimeType": "video/mp4", "buffer": b"refused"})
    assert page.get_by_role("heading", name="No verdict").is_visible()
    assert "no face was found" in page.locator("#summary").inner_text()
    assert not page.locator("#scored").is_visible()
    choose(page, {"name": "you.mp4", "mimeType": "video/mp4", "buffer": b"taken"})
    page.get_by_role("heading", name="Fake", exact=True).wait_for()
    assert page.locator("#scored").is_visible()


def test_a_file_that_is_too_large_is_said_and_not_sent(serving: Serving, visit: Opened) -> None:
    running = serving()
    page = visit(running)
    large = {"name": "long.mp4", "mimeType": "video/mp4", "buffer": bytes(LIMIT + 1)}
    page.get_by_label("Choose a video file").set_input_files(large)
    assert "long.mp4 is too large" in page.get_by_role("status").inner_text()
    assert running.detector.begun == []


def test_a_service_that_is_full_is_said(serving: Serving, visit: Opened) -> None:
    running = serving(workers=1, waiting=0, holds=True)
    page = visit(running)
    running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    page.get_by_label("Choose a video file").set_input_files(
        {"name": "a.mp4", "mimeType": "", "buffer": bytes(300_000)}
    )
    words = page.get_by_text("Not scored: as many clips as may wait are waiting")
    words.wait_for()
    assert words.is_visible()


def test_what_is_cancelled_leaves_the_queue(serving: Serving, visit: Opened) -> None:
    running = serving(workers=1, holds=True)
    running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    page = visit(running)
    page.get_by_label("Choose a video file").set_input_files(
        {"name": "a.mp4", "mimeType": "", "buffer": b"abc"}
    )
    page.get_by_text("a.mp4 is there, and is being scored.").wait_for()
    running.wait_until(lambda: running.server.context.queue.counts == {"scoring": 1, "waiting": 1})
    page.get_by_role("button", name="Cancel").click()
    assert page.get_by_role("status").inner_text() == "Cancelled."
    running.wait_until(lambda: running.server.context.queue.counts == {"scoring": 1, "waiting": 0})
    assert len(running.detector.begun) == 1


def test_another_file_replaces_the_one_that_is_under_way(serving: Serving, visit: Opened) -> None:
    running = serving(workers=2, holds=True)
    page = visit(running)
    field = page.get_by_label("Choose a video file")
    field.set_input_files({"name": "first.mp4", "mimeType": "", "buffer": b"refused"})
    running.detector.wait_for(1)
    field.set_input_files({"name": "second.mp4", "mimeType": "", "buffer": b"abc"})
    running.detector.wait_for(2)
    running.detector.go_on()
    page.locator("#result").wait_for()
    assert "second.mp4" in page.locator("#summary").inner_text()
    running.wait_until_empty()


def test_a_service_that_has_ended_is_said(serving: Serving, visit: Opened) -> None:
    running = serving()
    page = visit(running)
    page.context.set_offline(True)
    page.get_by_label("Choose a video file").set_input_files(
        {"name": "a.mp4", "mimeType": "", "buffer": b"abc"}
    )
    words = page.get_by_text("The service does not answer.")
    words.wait_for()
    assert words.is_visible()


def test_a_file_is_dropped_on_the_page(serving: Serving, visit: Opened) -> None:
    page = visit(serving())
    data = page.evaluate_handle(
        "() => { const data = new DataTransfer();"
        " data.items.add(new File(['abc'], 'dropped.mkv')); return data; }"
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": data})
    page.locator("#result").wait_for()
    assert "dropped.mkv" in page.locator("#summary").inner_text()


def test_a_name_is_text_and_never_markup(serving: Serving, visit: Opened) -> None:
    page = visit(serving())
    choose(page, {"name": HOSTILE.replace("/", ""), "mimeType": "", "buffer": b"abc"})
    assert HOSTILE in page.locator("#summary").inner_text()
    assert page.locator("#result img").count() == 0
    assert page.title() == "Is this clip fake?"
    assert page.wrongs == []


def test_the_policy_runs_no_script_but_the_pages_own(serving: Serving, visit: Opened) -> None:
    page = visit(serving())
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"document.title=1\" id=bad>x</p>')"
    )
    page.locator("#bad").click()
    assert page.title() == "Is this clip fake?"
    assert any("Content Security Policy" in wrong for wrong in page.wrongs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_width(scheme: str, serving: Serving, visit: Opened, clip: Path) -> None:
    page = visit(serving(), color_scheme=scheme)
    choose(page, {"name": f"{'long-name-' * 15}.webm", "mimeType": "", "buffer": clip.read_bytes()})
    for width in (320, 390, 700, 1000, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        # the curve is drawn anew a moment later
        until(page, f"document.documentElement.scrollWidth <= {width}")
        until(page, "document.querySelector('#curve svg').getAttribute('width') == curve.clientWidth")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 249)"
    assert light == (scheme == "light")
