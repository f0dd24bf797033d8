from __future__ import annotations

import builtins
from typing import Any

import pytest

from nasframe.display import Line, LineChart, can_convert_svg, convert_svg
from nasframe.errors import MissingExtraError, RenderError

CHART = LineChart(
    name="loss",
    title="Loss <of> λ & font-family: serif;",
    x="epoch",
    y="loss",
    lines=[Line("softmax", [(1, 0.5), (2, 0.3)]), Line("grmc", [(1, 0.6), (2, 0.2)])],
)


@pytest.fixture
def without_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def refuse(name: str, *arguments: Any) -> Any:
        if name == "typst":
            raise ImportError(name)
        return usual(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_a_figure_is_a_pdf_of_one_page_the_same_each_time() -> None:
    pytest.importorskip("typst")
    found = CHART.to_pdf()
    assert found.startswith(b"%PDF-")
    assert found == CHART.to_pdf()


def test_a_picture_is_a_png_of_twice_its_size() -> None:
    pytest.importorskip("typst")
    found = convert_svg(CHART.to_svg(is_light=True), "png")
    assert found.startswith(b"\x89PNG\r\n")
    width = int.from_bytes(found[16:20], "big")
    assert abs(width - 2 * 480) <= 2


def test_a_figure_for_paper_has_one_theme_and_no_script() -> None:
    svg = CHART.to_svg(is_light=True)
    assert "prefers-color-scheme" not in svg
    assert "prefers-color-scheme" in CHART.to_svg()
    assert "<script" not in svg
    assert "var(" not in svg


def test_what_is_no_svg_is_refused_in_words() -> None:
    pytest.importorskip("typst")
    with pytest.raises(RenderError, match="cannot be made a PDF"):
        convert_svg("<svg", "pdf")


@pytest.mark.usefixtures("without_typst")
def test_a_missing_extra_is_named() -> None:
    assert not can_convert_svg()
    with pytest.raises(MissingExtraError, match=r'pip install "nasframe\[figures\]"'):
        CHART.to_pdf()
