"""Weights from the hub, fetched where an option asks for them: one file of safetensors, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from nasframe.errors import DataError, in_words
from nasframe.runtime import sha256_of
from nasframe_audiovisual.torch_companions import beside_torch

__all__ = ["hub_weights"]

_ANSWER = 5
"""Seconds in which the hub has to answer the first question about a file."""

_SILENCE = 3
"""Seconds of silence in a transfer, after which it goes on anew; six in a row, and it has failed."""

_TIMEOUT, _NO_TELEMETRY = "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_DISABLE_TELEMETRY"

_HASH = re.compile(r"[0-9a-f]{64}")


def hub_weights(name: str) -> Path:
    """Return a file of safetensors with the published weights of a timm model.

    It is the one that timm's own table names, in the revision that it names, where it names one. The file is
    kept in the cache of `huggingface_hub`, and taken from there without a question to anybody once it is in
    it. No token of the user's is sent.

    Args:
        name: of the model, with a tag where there are several weights of it, such as `resnet34.a1_in1k`.

    Raises:
        DataError: there are no published weights, or none in safetensors; the hub does not answer in some
            seconds; or the transfer fails. One sentence.
    """
    import huggingface_hub  # only where something is to be fetched
    from huggingface_hub import constants, errors

    with beside_torch("torchvision"):  # which timm imports
        import timm

    config = timm.get_pretrained_cfg(name)
    if config is None or not config.hf_hub_id:
        raise DataError(f"timm knows no weights of {name} on the hub; {_OTHERWISE}")
    repository, _, revision = config.hf_hub_id.partition("@")
    file = _safe_name(config.hf_hub_filename)
    where = f"{file} of {repository}{f' at {revision}' if revision else ''} on the hub"
    cached = huggingface_hub.try_to_load_from_cache(repository, file, revision=revision or None)
    if not isinstance(cached, str):
        url = huggingface_hub.hf_hub_url(repository, file, revision=revision or None)
        try:
            with _quiet(constants):
                # a question that is not repeated; the library itself repeats it for minutes
                huggingface_hub.get_hf_file_metadata(url, token=False, timeout=_ANSWER)
                cached = huggingface_hub.hf_hub_download(
                    repository, file, revision=revision or None, token=False, etag_timeout=_ANSWER
                )
        except Exception as error:  # of the library, its transport and the disk: there are many
            missing = errors.EntryNotFoundError, errors.RepositoryNotFoundError, errors.RevisionNotFoundError
            if isinstance(error, missing) and not isinstance(error, errors.LocalEntryNotFoundError):
                raise DataError(f"there is no {where}; only safetensors are read; {_OTHERWISE}") from error
            reason = in_words(error).strip().splitlines()[0].rstrip(".")
            raise DataError(f"{where} cannot be fetched ({reason}); {_OTHERWISE}") from error
    path = Path(cached)
    _check_hash(path)
    return path


_OTHERWISE = "give a local file of weights, or leave the option out to train from scratch"


def _safe_name(file: str | None) -> str:
    """Return the name of the file in safetensors beside one of another format."""
    if file is None:
        return "model.safetensors"
    if file.startswith("open_clip_"):
        return "open_clip_model.safetensors"
    return f"{Path(file).stem}.safetensors"


@contextmanager
def _quiet(constants: ModuleType) -> Iterator[None]:
    """Let the library wait no longer than this in a transfer, and tell nobody about the program around it.

    It takes both from its own module alone.
    """
    usual = {name: getattr(constants, name) for name in (_TIMEOUT, _NO_TELEMETRY)}
    setattr(constants, _TIMEOUT, min(usual[_TIMEOUT], _SILENCE))
    setattr(constants, _NO_TELEMETRY, True)
    try:
        yield
    finally:
        for name, value in usual.items():
            setattr(constants, name, value)


def _check_hash(path: Path) -> None:
    """Compare a file with the hash by which the cache calls it; small files have a shorter name."""
    target = path.resolve()
    if _HASH.fullmatch(target.name) and sha256_of(path) != target.name:
        raise DataError(f"{target}: is not the file that the hub has; remove it to fetch it again")
