"""Published weights, which the library of the hub fetches from a server of ours, and what may go wrong.

The library reads the address of the hub when it is imported, so a process of its own fetches.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
import pytest
import timm
import torch
from safetensors.torch import save

from nasframe_audiovisual import BackboneTraining, training_inputs

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODELS = {
    "right": "test_resnet.r160_in1k",
    "missing": "test_convnext.r160_in1k",
    "failing": "test_efficientnet.r160_in1k",
    "silent": "test_nfnet.r160_in1k",
    "stuck": "test_convnext3.r160_in1k",
    "cut": "test_byobnet.r160_in1k",
    "other model": "test_vit.r160_in1k",
    "other bytes": "test_convnext2.r160_in1k",
}
"""How the server behaves → the model whose weights it is asked for."""

FETCH = """
import json, sys, time
from pathlib import Path
from nasframe.errors import DataError
from nasframe_audiovisual import check_weights, hub_weights
from nasframe_audiovisual.backbones import hub

hub._ANSWER, hub._SILENCE = 1, 0.2  # that the test need not wait for so long
for name in sys.argv[1:]:
    start, found = time.perf_counter(), {}
    try:
        path = hub_weights(name)
        found["path"] = str(path)
        check_weights(path, name, 1, (32, 64))
    except DataError as error:
        found["error"] = str(error)
    print(json.dumps({**found, "seconds": time.perf_counter() - start}), flush=True)
"""


@attrs.define
class Hub:
    """A server that speaks as much as a download needs, and remembers what it was asked."""

    contents: dict[str, bytes]
    asked: list[tuple[str, str, str | None]] = attrs.field(factory=list)
    address: str = ""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                self.answer(with_body=True)

            def answer(self, with_body: bool) -> None:
                hub.asked.append((self.command, self.path, self.headers.get("Authorization")))
                kind = next((kind for kind, name in MODELS.items() if f"/{name}/" in self.path), "missing")
                if kind == "silent" or (kind == "stuck" and with_body):
                    time.sleep(4)
                    return
                if kind in ("missing", "failing"):
                    self.send_response(404 if kind == "missing" else 500)
                    if kind == "missing":
                        self.send_header("X-Error-Code", "EntryNotFound")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = hub.contents[kind]
                hashed = body if kind != "other bytes" else b"something else"
                self.send_response(200)
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", f'"{hashlib.sha256(hashed).hexdigest()}"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if with_body:
                    self.wfile.write(body[: len(body) // 2] if kind == "cut" else body)

        return Handler


def fetch(hub: Hub, home: Path, *names: str) -> list[dict[str, Any]]:
    """Ask for the weights of models in a process of its own, whose hub is `hub`."""
    usual = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    environment = {**usual, "HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_TOKEN": "hf_of_the_user"}
    command = [sys.executable, "-c", FETCH, *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """A hub whose weights are random, and of the right names and shapes where they should be."""
    torch.manual_seed(0)
    state = save(timm.create_model("test_resnet").state_dict())
    serving = Hub(dict.fromkeys(MODELS, state))
    server = ThreadingHTTPServer(("127.0.0.1", 0), serving.handler())
    server.daemon_threads = True
    serving.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield serving
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def found(hub: Hub, home: Path) -> dict[str, dict[str, Any]]:
    return dict(zip(MODELS, fetch(hub, home, *MODELS.values()), strict=True))


def test_the_published_file_is_fetched_and_its_weights_fit(
    hub: Hub, found: dict[str, dict[str, Any]], home: Path
) -> None:
    assert found["right"].keys() == {"path", "seconds"}
    path = Path(found["right"]["path"])
    assert path.read_bytes() == hub.contents["right"]
    assert path.name == "model.safetensors"
    assert home in path.parents


def test_only_the_file_of_safetensors_is_asked_for_and_without_a_name_of_the_user(
    hub: Hub, found: dict[str, dict[str, Any]]
) -> None:
    assert found  # all was asked
    paths = {path for _, path, _ in hub.asked}
    assert f"/timm/{MODELS['right']}/resolve/main/model.safetensors" in paths
    files = {path for path in paths if "/resolve/" in path}  # the library has a question of its own to /api/
    assert {path for path in files if not path.endswith("/model.safetensors")} == set()
    assert {token for _, _, token in hub.asked} == {None}


def test_what_was_fetched_is_taken_again_without_a_question(
    hub: Hub, found: dict[str, dict[str, Any]], home: Path
) -> None:
    before = len(hub.asked)
    (again,) = fetch(hub, home, MODELS["right"])
    assert again["path"] == found["right"]["path"]
    assert len(hub.asked) == before


def test_a_stage_knows_fetched_weights_by_their_content_as_a_local_file(
    hub: Hub, found: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "own.safetensors").write_bytes(hub.contents["right"])
    paths = Path(found["right"]["path"]), tmp_path / "own.safetensors"
    first, second = (
        training_inputs(BackboneTraining("test_resnet", path, 1, 1, 2, 1e-3, 0)) for path in paths
    )
    assert first == second


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "missing",
            r"^there is no model\.safetensors of timm/test_convnext\.r160_in1k on the hub; only safe",
        ),
        ("failing", r"^model\.safetensors of timm/test_efficientnet.* cannot be fetched \(.*500"),
        ("silent", r"^model\.safetensors of timm/test_nfnet.* cannot be fetched \(.*[Tt]ime"),
        ("stuck", r"^model\.safetensors of timm/test_convnext3.* cannot be fetched \(.*[Tt]ime"),
        ("cut", r"^model\.safetensors of timm/test_byobnet.* cannot be fetched \("),
        ("other bytes", r"is not the file that the hub has; remove it to fetch it again$"),
        ("other model", r"the weights do not fit test_vit\.r160_in1k: none of the weights in the file"),
    ],
)
def test_what_cannot_be_used_is_an_error_of_one_line(
    found: dict[str, dict[str, Any]], kind: str, words: str
) -> None:
    message = found[kind]["error"]
    assert re.search(words, message), message
    assert "\n" not in message
    if "fetched (" in message or kind == "missing":
        assert message.endswith(
            "; give a local file of weights, or leave the option out to train from scratch"
        )


def test_the_wait_for_a_hub_that_says_nothing_is_bounded(found: dict[str, dict[str, Any]]) -> None:
    """One question of a second, or six transfers of a fifth of a second, with a second between them."""
    assert found["silent"]["seconds"] < 4
    assert found["stuck"]["seconds"] < 15


def test_a_hub_that_is_not_there_is_an_error_at_once(home: Path) -> None:
    nobody = Hub({}, address="http://127.0.0.1:9")
    (found,) = fetch(nobody, home, "resnet18")
    assert "cannot be fetched (" in found["error"]
    assert found["seconds"] < 5
