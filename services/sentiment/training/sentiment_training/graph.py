"""Builds the ONNX graph that the service runs, from the weights of a trained network.

Weights become 8-bit integers with one scale per output; the word embeddings keep the 4-bit blocks they came in.
Activations are rounded with one scale per token: x becomes round(127 x / max|x|), and the product is scaled back row
by row. (The usual dynamic quantisation takes one scale for a whole batch, so that a text's scores would depend on the
texts beside it.) The operators are those of ONNX 17 and of ONNX Runtime's own domain.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sentiment_training.base import BLOCK, codes
from sentiment_training.network import EMBEDDING, INTENTS, SENTIMENTS

CONTRIB = "com.microsoft"
GELU_FLOOR = 0.17  # GELU never falls below -0.16998, so only its maximum has to be searched
POSITIONS = 130
"""Tokens that a text may have: those of the service's longest setting and two."""

INPUTS = ("input_ids", "attention_mask")
OUTPUTS = {"logits": len(SENTIMENTS), "intent_logits": len(INTENTS), "embedding": EMBEDDING}

Weights = Mapping[str, NDArray[np.float32]]


def quantised(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """``weight`` (outputs by inputs, as PyTorch keeps it) as integers (inputs by outputs), and the outputs' scales."""
    scales = np.maximum(np.abs(weight).max(axis=1), 1e-12) / 127
    return np.rint(weight / scales[:, None]).astype(np.int8).T, scales.astype(np.float32)


class Builder:
    """Collects the nodes and constants of the new graph."""

    def __init__(self, weights: Weights, heads: int) -> None:
        self.weights, self.heads = weights, heads
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: object, dtype: type[np.generic] = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, name: str = "", domain: str = "", **attributes: object) -> str:
        output = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def rows(self, x: str, *, gelu: bool = False) -> tuple[str, str]:
        """``x`` as bytes around 128, and the scale of each of its rows."""
        largest = self.op("ReduceMax", x if gelu else self.op("Abs", x), axes=[-1], keepdims=1)
        largest = self.op("Max", largest, self.constant(GELU_FLOOR if gelu else 1e-6))
        scaled = self.op("Mul", x, self.op("Div", self.constant(127), largest))
        quantised = self.op("QuantizeLinear", scaled, self.constant(1), self.constant(128, np.uint8))
        return quantised, self.op("Mul", largest, self.constant(1 / 127))

    def product(self, rows: tuple[str, str], layer: str) -> str:
        """The linear layer without its bias."""
        whole, scales = quantised(self.weights[f"{layer}.weight"])
        raw = self.op(
            "MatMulIntegerToFloat", rows[0], self.constant(whole, np.int8), self.constant(1),
            self.constant(scales), self.constant(128, np.uint8), domain=CONTRIB,
        )  # fmt: skip
        return self.op("Mul", raw, rows[1])

    def bias(self, x: str, layer: str) -> str:
        return self.op("Add", x, self.constant(self.weights[f"{layer}.bias"]))

    def norm(self, x: str, layer: str) -> str:
        scale, shift = (self.constant(self.weights[f"{layer}.{part}"]) for part in ("weight", "bias"))
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-12)


def embedded(build: Builder, blocks: NDArray[Any]) -> str:
    """Token, position and type embeddings, normalised."""
    prefix = "bert.embeddings"
    pieces, parts = blocks.shape
    flat = codes(blocks).reshape(-1)
    packed = (flat[0::2] | (flat[1::2] << 4)).astype(np.uint8)
    width = BLOCK * parts
    for name, kind, shape, value in (
        ("words", TensorProto.UINT4, [pieces, width], packed),
        ("word_scales", TensorProto.FLOAT16, [pieces, parts], blocks["scale"].astype(np.float16)),
        ("word_zeros", TensorProto.UINT4, [pieces, parts], np.full(pieces * parts // 2, 0x88, np.uint8)),
    ):
        build.constants.append(helper.make_tensor(name, kind, shape, value.tobytes(), raw=True))
    words = build.op(
        "GatherBlockQuantized", "words", "input_ids", "word_scales", "word_zeros", domain=CONTRIB,
        gather_axis=0, quantize_axis=1, block_size=BLOCK, bits=4,
    )  # fmt: skip
    places = build.weights[f"{prefix}.position_embeddings.weight"][:POSITIONS]
    places = places + build.weights[f"{prefix}.token_type_embeddings.weight"][0]
    zero, one, two = (build.constant([value], np.int64) for value in (0, 1, 2))
    length = build.op("Slice", build.op("Shape", "input_ids"), one, two)
    placed = build.op("Slice", build.constant(places), zero, length, zero)
    return build.norm(build.op("Add", build.op("Cast", words, to=TensorProto.FLOAT), placed), f"{prefix}.LayerNorm")


def encoded(build: Builder, x: str, layer: str, mask: str) -> str:
    """One transformer layer."""
    names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    rows = build.rows(x)
    parts = [build.product(rows, name) for name in names]
    biases = build.constant(np.concatenate([build.weights[f"{name}.bias"] for name in names]))
    attended = build.op("MultiHeadAttention", *parts, biases, mask, domain=CONTRIB, num_heads=build.heads)
    dense = f"{layer}.attention.output.dense"
    out = build.bias(build.product(build.rows(attended), dense), dense)
    x = build.norm(build.op("Add", out, x), f"{layer}.attention.output.LayerNorm")
    dense = f"{layer}.intermediate.dense"
    grown = build.op("Gelu", build.bias(build.product(build.rows(x), dense), dense), domain=CONTRIB)
    dense = f"{layer}.output.dense"
    out = build.bias(build.product(build.rows(grown, gelu=True), dense), dense)
    return build.norm(build.op("Add", out, x), f"{layer}.output.LayerNorm")


def answered(build: Builder, x: str) -> None:
    """Sentiment, intent and embedding from the first token and the mean of all."""
    axis = build.constant([1], np.int64)
    mask = build.op(
        "Cast", build.op("Unsqueeze", "attention_mask", build.constant([2], np.int64)), to=TensorProto.FLOAT
    )
    total = build.op("ReduceSum", build.op("Mul", x, mask), axis, keepdims=0)
    mean = build.op("Div", total, build.op("ReduceSum", mask, axis, keepdims=0))
    first = build.op("Gather", x, build.constant(0, np.int64), axis=1)
    both = build.rows(build.op("Concat", first, mean, axis=-1))
    for layer, name in (("sent", "logits"), ("intent", "intent_logits")):
        build.op("Add", build.product(both, layer), build.constant(build.weights[f"{layer}.bias"]), name=name)
    projected = build.bias(build.product(build.rows(mean), "proj"), "proj")
    norm = build.op("Max", build.op("ReduceL2", projected, axes=[1], keepdims=1), build.constant(1e-6))
    build.op("Div", projected, norm, name="embedding")


def graph(weights: Weights, blocks: NDArray[Any], *, layers: int, heads: int) -> onnx.ModelProto:
    """The network with ``weights``, named as in :class:`~.network.Network`, and the word ``blocks``."""
    build = Builder(weights, heads)
    x = embedded(build, blocks)
    mask = build.op("Cast", "attention_mask", to=TensorProto.INT32)
    for layer in range(layers):
        x = encoded(build, x, f"bert.encoder.layer.{layer}", mask)
    answered(build, x)
    tokens = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in INPUTS]
    found = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", size]) for name, size in OUTPUTS.items()]
    made = helper.make_graph(build.nodes, "sentiment", tokens, found, build.constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)
