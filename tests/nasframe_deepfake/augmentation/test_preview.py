"""The contact sheet, and the command that draws it."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cyclopts import App

from nasframe.errors import ConfigurationError, DataError
from nasframe_audiovisual import FaceSettings, first_window
from nasframe_deepfake import register_commands
from nasframe_deepfake.augmentation import AUGMENTATIONS
from nasframe_deepfake.datasets import read_dataset
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.swan_set import VOICES, fake_name, genuine_name, write_swan


def preview(*tokens: object) -> None:
    app = App(name="test", result_action="return_value")
    register_commands(app)
    app([str(token) for token in ("deepfake", "preview", *tokens, "--faces", "none")], exit_on_error=False)


@pytest.fixture(scope="module")
def page(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("preview") / "sheet.html"
    preview(corpus, "--out", out)
    return out


def cards(html: str) -> dict[str, str]:
    """The first clip's card of each augmentation."""
    first = html.split("</section>")[0]
    found = re.findall(r"<figcaption><strong>(.*?)</strong>(.*?)</figure>", first, re.DOTALL)
    return dict(found)


def decoded(uri: str) -> Any:
    data = base64.b64decode(uri.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_two_clips_stand_under_every_augmentation(page: Path) -> None:
    html = page.read_text()
    assert html.count("<section") == 2
    assert [*cards(html)] == ["as it is", *AUGMENTATIONS]


def test_a_stream_that_is_left_alone_is_pale_and_the_other_is_drawn(page: Path) -> None:
    for name, card in cards(page.read_text()).items():
        if name == "as it is":
            continue
        kind = AUGMENTATIONS[name].kind
        pale = re.findall(r'aria-label="(\w+): unchanged"', card)
        drawn = re.findall(r'<img src="(data:[^"]*)"', card)
        assert pale == {"visual": ["spectrogram"], "audio": ["pictures"], "both": []}[kind]
        shapes = {"visual": [(112, 448, 3)], "audio": [(64, 256)], "both": [(112, 448, 3), (64, 256)]}[kind]
        assert [decoded(uri).shape for uri in drawn] == shapes


def test_what_is_drawn_is_what_the_augmentation_does(page: Path) -> None:
    html = page.read_text()
    own = decoded(re.findall(r'href="(data:image/jpeg[^"]*)"', html)[0]).astype(int)
    mirror = decoded(re.findall(r'src="([^"]*)"', cards(html)["mirror"])[0]).astype(int)
    assert np.abs(mirror[:, :112] - own[:, 111::-1]).mean() < 3
    grey = decoded(re.findall(r'src="([^"]*)"', cards(html)["greyscale"])[0]).astype(int)
    assert np.ptp(grey, axis=2).max() < 4
    sound = decoded(re.findall(r'href="(data:image/png[^"]*)"', html)[0]).astype(int)
    noisy = decoded(re.findall(r'src="([^"]*)"', cards(html)["loud noise"])[0]).astype(int)
    low = decoded(re.findall(r'src="([^"]*)"', cards(html)["low-pass"])[0]).astype(int)
    assert noisy.mean() > sound.mean() + 20
    assert low[:12].mean() < sound[:12].mean() / 2, "high frequencies stand above"


def test_the_same_seed_draws_the_same_page_and_another_seed_another(corpus: Path, page: Path) -> None:
    preview(corpus, "--out", page.with_name("again.html"))
    preview(corpus, "--out", page.with_name("other.html"), "--seed", 1)
    assert page.with_name("again.html").read_bytes() == page.read_bytes()
    assert page.with_name("other.html").read_bytes() != page.read_bytes()


def test_the_page_loads_nothing_and_every_drawing_is_seen(page: Path, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened, wrongs = context.new_page(), []
    opened.on("console", lambda message: wrongs.append(message.text))
    opened.on("request", lambda request: wrongs.append(request.url))
    opened.goto(page.as_uri())
    wide = opened.evaluate("[...document.images].map(image => image.naturalWidth)")
    boxes = opened.evaluate("[...document.querySelectorAll('use')].map(one => one.getBBox().width)")
    context.close()
    assert [wrong for wrong in wrongs if not wrong.startswith(("data:image", page.as_uri()))] == []
    assert set(wide) == {256, 448}
    assert set(boxes) == {256, 448}


def test_names_choose_what_is_shown(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sheet.html"
    preview(corpus, "--out", out, "--augmentations", "blur, low-pass", "--clips", 1)
    assert [*cards(out.read_text())] == ["as it is", "blur", "low-pass"]
    assert f"1 clip under 2 augmentations in {out}" in capsys.readouterr().out


def test_wrong_names_and_numbers_are_told_together(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        preview(corpus, "--out", tmp_path / "a.html", "--augmentations", "bluur,zooom", "--clips", 0)
    for words in ("'bluur'; did you mean 'blur'?", "did you mean 'zoom'?", "expected 1 or more, found 0"):
        assert words in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_damaged_clip_is_told_and_another_takes_its_place(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set" / "real").mkdir(parents=True)
    (tmp_path / "set" / "fake").mkdir()
    genuine = sorted(corpus.glob("RealVideo-RealAudio/**/*.mp4"))[0]
    shutil.copy(genuine, tmp_path / "set" / "real" / "<b>whole.mp4")
    (tmp_path / "set" / "fake" / "broken.mp4").write_bytes(b"no film")
    out = tmp_path / "sheet.html"
    preview(tmp_path / "set", "--out", out, "--augmentations", "blur")
    told = capsys.readouterr().out
    assert "1 clip cannot be used, such as:" in told
    assert "broken.mp4" in told
    assert out.read_text().count("<section") == 1
    assert "&lt;b&gt;whole." in out.read_text()
    (tmp_path / "set" / "real" / "<b>whole.mp4").write_bytes(b"no film either")
    with pytest.raises(DataError, match="none of 2 clips can be used"):
        preview(tmp_path / "set", "--out", tmp_path / "other.html")
    assert not (tmp_path / "other.html").exists()


def test_a_clip_of_two_files_is_drawn_as_the_preparation_reads_it(tmp_path: Path) -> None:
    """SWAN-DF: pictures on their side in one file, a tone in the other."""
    root = write_swan(tmp_path / "swan", people=1)
    (root / genuine_name(1)).unlink()
    (root / genuine_name(1, 2)).unlink()
    preview(root, "--out", tmp_path / "sheet.html", "--augmentations", "blur")
    page = tmp_path.joinpath("sheet.html").read_text()
    assert page.count("<section") == 2
    for voice in VOICES:
        assert fake_name(1, voice) in page.replace("<wbr>", "")
    (files, *_) = (clip.files for clip in read_dataset("swan_df", root, "pairing").clips)
    video, sound = files.paths(root)
    window = DeepfakeTask(dataset="swan_df").preparation(0).window
    found = first_window(video, window, FaceSettings("none").make(), sound, files.lying).recording
    drawn = [decoded(uri) for uri in re.findall(r'href="(data:image/jpeg[^"]*)"', page)]
    first = cv2.cvtColor(found.pictures[0], cv2.COLOR_RGB2BGR).astype(int)
    assert min(np.abs(strip[:, : first.shape[1]] - first).mean() for strip in drawn) < 3
