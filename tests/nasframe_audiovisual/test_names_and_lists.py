"""The named file is opened, whatever its name, and no other file, whatever it holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import ClipError, Picture, play
from tests.nasframe_audiovisual.films import write_film


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    return [part.pixels for part in play(path) if isinstance(part, Picture)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("clip") / "clip.mp4", audio="aac")


@pytest.mark.parametrize(
    "name",
    [
        "cam1:0001.mp4",
        "data:clip.mp4",
        "http:x.mp4",
        "file:x.mp4",
        "pipe:0",
        "concat:a|b.mp4",
        "-x.mp4",
        "-",
        "clip%03d.mp4",
        "100%.mp4",
        "a*b?[c].mp4",
        "crypto+file:a.mp4",
        "subfile,,start,0,end,0,,:a.mp4",
        " two  words .mp4",
        "naïve 影片.mp4",
        "without_ending",
    ],
)
def test_a_name_is_the_name_of_a_file_and_nothing_else(
    clip: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(clip.read_bytes())
    assert np.array_equal(pictures(Path(name)), pictures(clip))


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_name_that_is_no_text_is_opened(clip: Path, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    path.write_bytes(clip.read_bytes())
    assert len(pictures(path)) == len(pictures(clip)) > 20


LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile {name}\n",
    "quoted": "ffconcat version 1.0\nfile '{path}'\nduration 2\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.2,\n{name}\n#EXT-X-ENDLIST\n",
    "hls_by_address": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.2,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "dash": '<?xml version="1.0"?>\n<MPD type="static"><Period><AdaptationSet><Representation>'
    "<BaseURL>{name}</BaseURL></Representation></AdaptationSet></Period></MPD>\n",
    "session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "windows_media": "[Reference]\r\nRef1={path}\r\n",
    "winamp": "[playlist]\nFile1={path}\n",
}


@pytest.mark.parametrize("ending", ["mp4", "m3u8", "txt", "ffconcat", "mkv"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_files_opens_none_of_them(clip: Path, tmp_path: Path, kind: str, ending: str) -> None:
    beside = tmp_path / "beside.mp4"
    beside.write_bytes(clip.read_bytes())
    path = tmp_path / f"list.{ending}"
    path.write_text(LISTS[kind].format(name=beside.name, path=beside), newline="")
    before = beside.stat().st_atime_ns
    os.utime(beside, ns=(before - 10**12, beside.stat().st_mtime_ns))
    marked = beside.stat().st_atime_ns
    with pytest.raises(ClipError, match=rf"list\.{ending}: is an? .*names other files") as caught:
        pictures(path)
    assert caught.value.reason == "other-files"
    assert beside.stat().st_atime_ns == marked


def test_a_list_of_transport_streams_opens_none_of_them(tmp_path: Path) -> None:
    write_film(tmp_path / "beside.ts", audio="aac")
    path = tmp_path / "list.mp4"
    path.write_text(LISTS["hls"].format(name="beside.ts"))
    with pytest.raises(ClipError, match="is an HLS playlist, which names other files"):
        pictures(path)


@pytest.mark.parametrize("name", ["picture%d.png", "picture*.png", "picture%d.jpg"])
def test_a_name_like_a_pattern_of_pictures_opens_no_other_picture(tmp_path: Path, name: str) -> None:
    for number in range(3):
        (tmp_path / f"picture{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    path = tmp_path / name
    path.write_text("no picture at all")
    with pytest.raises(ClipError) as caught:
        pictures(path)
    assert caught.value.reason in ("damaged", "no-sound")


@pytest.mark.parametrize(
    ("make", "reason", "words"),
    [
        (lambda path: path.mkdir(), "not-a-file", "is a folder; expected a video file"),
        (lambda path: None, "not-a-file", "there is no such file"),
        (lambda path: os.mkfifo(path), "not-a-file", "is no regular file"),
        (lambda path: path.symlink_to("nowhere"), "not-a-file", "there is no such file"),
        (lambda path: path.write_bytes(b""), "empty", "the file is empty"),
        (lambda path: path.write_bytes(b"\0"), "damaged", "cannot be decoded"),
        (lambda path: path.write_text("v=0 is where it starts"), "damaged", "cannot be decoded"),
        (lambda path: path.write_bytes(bytes(range(256)) * 100), "damaged", "cannot be decoded"),
    ],
)
def test_what_is_no_clip_is_named_with_a_stable_word(
    tmp_path: Path, make: object, reason: str, words: str
) -> None:
    path = tmp_path / "bad.mp4"
    make(path)  # type: ignore[operator]
    with pytest.raises(ClipError, match=rf"bad\.mp4: .*{words}") as caught:
        list(play(path))
    assert caught.value.reason == reason
    assert str(caught.value) == f"{path}: {caught.value.message}"


@pytest.mark.skipif(sys.platform != "linux", reason="a file that any user can open and none can read")
def test_a_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ClipError, match=r"mem: cannot be read \(Input/output error\)") as caught:
        pictures(Path("/proc/self/mem"))
    assert caught.value.reason == "unreadable"
