"""Runs a model: tokens in, one row of numbers per text out. ONNX Runtime where there is a graph, else PyTorch."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import UnusableModel
from sentiment.source import ModelSource

Logits = NDArray[np.float32]
Tokens = list[int]

# These two fusions choose kernels that are slower than the parts: a quarter of the bundled model's time.
_SLOWER = ["SkipLayerNormFusion", "BiasGeluFusion"]


class Outputs(NamedTuple):
    """What a model gives for some texts, one row per text; none for a head it does not have.

    Attributes:
        sentiment: logits.
        intent: logits.
        embedding: a vector of length 1; texts of like meaning have neighbouring ones.
    """

    sentiment: Logits
    intent: Logits | None = None
    embedding: NDArray[np.float32] | None = None


class Backend(Protocol):
    """A loaded model.

    Attributes:
        alone: a text's numbers depend on the texts beside it, so each must be run by itself.
    """

    alone: bool

    def run(self, rows: Sequence[Tokens]) -> Outputs:
        """What the model gives for ``rows``."""


class OnnxBackend:
    """ONNX Runtime on the CPU."""

    def __init__(self, path: Path, *, threads: int, padding: int) -> None:
        import onnxruntime  # noqa: PLC0415 - a slow import, made where a model is loaded

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        graph = path.read_bytes()
        # Its scale is taken over the whole batch, so every text would be rounded by its neighbours.
        self.alone = b"DynamicQuantizeLinear" in graph
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )
        self._inputs = {put.name for put in self._session.get_inputs()}
        outputs = [output.name for output in self._session.get_outputs()]
        wanted = {"sentiment": "logits" if "logits" in outputs else outputs[0]}
        heads = {"intent": "intent_logits", "embedding": "embedding"}
        self._outputs = wanted | {head: name for head, name in heads.items() if name in outputs}
        self._padding = padding

    def run(self, rows: Sequence[Tokens]) -> Outputs:
        """See `Backend.run`."""
        tokens, mask = padded(rows, self._padding)
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        found = self._session.run([*self._outputs.values()], {name: given[name] for name in self._inputs})
        return Outputs(**dict(zip(self._outputs, found, strict=True)))


class TorchBackend:
    """A sequence classifier of transformers on PyTorch."""

    alone = False

    def __init__(self, source: ModelSource, *, threads: int, padding: int) -> None:
        if find_spec("torch") is None:
            raise UnusableModel(
                f"{source.name} has no onnx/model.onnx in {source.directory} and PyTorch is not installed; export the "
                "model to ONNX (optimum-cli export onnx) or install PyTorch for the CPU"
            )
        import torch  # noqa: PLC0415 - installed only by who needs it
        from transformers import AutoModelForSequenceClassification  # noqa: PLC0415 - as above

        torch.set_num_threads(threads)
        self._torch = torch
        self._model = AutoModelForSequenceClassification.from_pretrained(source.directory).eval()
        self._padding = padding

    def run(self, rows: Sequence[Tokens]) -> Outputs:
        """See `Backend.run`."""
        tokens, mask = (self._torch.from_numpy(array) for array in padded(rows, self._padding))
        with self._torch.inference_mode():
            logits = self._model(input_ids=tokens, attention_mask=mask).logits
        return Outputs(logits.float().numpy())


def load_backend(source: ModelSource, *, threads: int, padding: int) -> Backend:
    """The fastest way to run the model of ``source``.

    Raises:
        UnusableModel: it has no ONNX graph and PyTorch is not installed.
    """
    if source.onnx:
        return OnnxBackend(source.onnx, threads=threads, padding=padding)
    return TorchBackend(source, threads=threads, padding=padding)


def load_tokenizer(source: ModelSource) -> Any:
    """The tokenizer of transformers for the model of ``source``."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the threads of the model are set by us
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # PyTorch is not missing, it is not needed
    from transformers import AutoTokenizer  # noqa: PLC0415 - a slow import, made where a model is loaded

    try:
        return AutoTokenizer.from_pretrained(source.directory, local_files_only=True)
    except (OSError, ValueError) as fault:
        raise UnusableModel(f"{source.directory}: no usable tokenizer ({fault}); add its tokenizer.json") from fault


def padded(rows: Sequence[Tokens], padding: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tokens as a rectangle, and the mask of what is real in it."""
    tokens = np.full((len(rows), max(map(len, rows))), padding, np.int64)
    mask = np.zeros_like(tokens)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return tokens, mask
