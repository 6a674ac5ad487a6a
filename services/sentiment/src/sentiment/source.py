"""Where a model lies: the bundled one, a directory, or a Hugging Face id; and what its files say."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.labels import UnusableModel

BUNDLED = Path(__file__).parent / "model"
ONNX = Path("onnx/model.onnx")

_DESCRIPTION = ("*.json", "*.txt", "*.model")
_WEIGHTS = ("*.safetensors", "*.bin")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model on this machine.

    Attributes:
        directory: configuration, tokenizer and weights, in the layout of Hugging Face.
        name: the id it was asked for, or the name its configuration or directory gives it.
    """

    directory: Path
    name: str

    @property
    def onnx(self) -> Path | None:
        """The ONNX graph, if there is one."""
        path = self.directory / ONNX
        return path if path.is_file() else None

    def config(self) -> dict[str, Any]:
        """The model's ``config.json``.

        Raises:
            UnusableModel: it is missing or broken.
        """
        path = self.directory / "config.json"
        try:
            return dict(json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError) as fault:
            raise UnusableModel(f"{path}: {fault}; a model needs a config.json with id2label") from fault

    def version(self, settings: Iterable[object]) -> str:
        """A short hash of everything that decides the scores: files and ``settings``."""
        digest = hashlib.sha256(repr(tuple(settings)).encode())
        weights = [self.onnx] if self.onnx else [*_matching(self.directory, _WEIGHTS)]
        for path in [*_matching(self.directory, _DESCRIPTION), *weights]:
            digest.update(path.relative_to(self.directory).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:12]


def find(source: str | Path | None) -> ModelSource:
    """The model ``source`` names: a directory, a Hugging Face id, or none for the bundled one.

    A Hugging Face id is downloaded once into the cache of ``huggingface_hub`` (``HF_HOME``); only what is needed.

    Raises:
        UnusableModel: it is neither a directory nor an id that can be had.
    """
    if source is None:
        return _local(BUNDLED)
    directory = Path(source)
    if directory.is_dir():
        return _local(directory)
    if isinstance(source, Path) or source.count("/") > 1 or source.startswith((".", "/", "~")):
        raise UnusableModel(f"no model directory at {source}; give an existing one or a Hugging Face id (owner/name)")
    return ModelSource(_downloaded(source), source)


def _local(directory: Path) -> ModelSource:
    found = ModelSource(directory, "")
    return ModelSource(directory, str(found.config().get("model_id") or directory.name))


def _downloaded(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - a slow import that the bundled model never needs
    from huggingface_hub.errors import HFValidationError  # noqa: PLC0415 - as above

    try:
        directory = Path(snapshot_download(name, allow_patterns=[*_DESCRIPTION, ONNX.as_posix()]))
        if not (directory / ONNX).is_file():
            directory = Path(snapshot_download(name, allow_patterns=[*_DESCRIPTION, "*.safetensors"]))
    except (OSError, HFValidationError) as fault:  # its network and cache errors are OSErrors
        raise UnusableModel(
            f"the model {name!r} could not be had from Hugging Face ({fault}); check the name and the network, "
            "download it on another machine and give its directory, or leave the setting empty for the bundled model"
        ) from fault
    return directory


def _matching(directory: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in directory.glob(pattern))
