# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "onnx>=1.20"]
# ///
"""Rewrites a dynamically quantised model so that a text's scores do not depend on the texts beside it.

    uv run services/sentiment/export/rowwise.py int8.onnx model.onnx

ONNX Runtime's dynamic quantisation takes one scale for a whole activation tensor, so each text of a batch is
rounded by the largest value of any of them. Here every token has a scale of its own: weights stay the same int8
numbers, each row of an activation x becomes round(127 x / max|x|), and the product is scaled back row by row.
The input must be the six-layer sentiment model as `onnxruntime.quantization.quantize_dynamic` leaves it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx  # type: ignore[import-not-found] # needed here only, so it is not in the development lock
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CONTRIB = "com.microsoft"
HEADS, LAYERS = 12, 6
GELU_FLOOR = 0.17  # GELU never falls below -0.16998, so only its maximum has to be searched


class Source:
    """The weights of the dynamically quantised model, by the name of the layer they belong to."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self.dense = dict(self._dense())

    def array(self, name: str) -> NDArray[np.generic]:
        stored: NDArray[np.generic] = numpy_helper.to_array(self._stored[name])
        return stored

    def tensor(self, name: str) -> onnx.TensorProto:
        return self._stored[name]

    def _dense(self) -> dict[str, tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]]:
        """Weights, column scales and bias of each linear layer: MatMulInteger, Cast, Mul, Add in a row."""
        users: dict[str, list[onnx.NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                users.setdefault(name, []).append(node)
        found = {}
        for node in self.graph.node:
            if node.op_type != "MatMulInteger":
                continue
            weights = self.array(node.input[1]).astype(np.int8)
            if self.array(node.input[3]).any():
                raise SystemExit(f"{node.input[1]} has a zero point; quantise it symmetrically (QInt8)")
            last = node
            for _ in range(3):
                last = users[last.output[0]][0]
            bias = next(name for name in last.input if name in self._stored)
            scales = self.array(node.input[1].removesuffix("_quantized") + "_scale").astype(np.float32)
            columns = np.broadcast_to(scales, weights.shape[1:])
            found[bias.removesuffix(".bias")] = (weights, columns, self.array(bias).astype(np.float32))
        return found


class Builder:
    """Collects the nodes and constants of the new graph."""

    def __init__(self, source: Source) -> None:
        self.source = source
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
        weights, columns, _ = self.source.dense[layer]
        raw = self.op(
            "MatMulIntegerToFloat", rows[0], self.constant(weights, np.int8), self.constant(1),
            self.constant(columns), self.constant(128, np.uint8), domain=CONTRIB,
        )  # fmt: skip
        return self.op("Mul", raw, rows[1])

    def bias(self, x: str, layer: str) -> str:
        return self.op("Add", x, self.constant(self.source.dense[layer][2]))

    def norm(self, x: str, layer: str) -> str:
        scale, shift = (self.constant(self.source.array(f"{layer}.{part}")) for part in ("weight", "bias"))
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-12)


def embedded(build: Builder) -> str:
    """Token, position and type embeddings, normalised."""
    source, prefix = build.source, "m.bert.embeddings"
    table = ("we_q4", "we_scale", "we_zp")
    build.constants += map(source.tensor, table)
    words = build.op(
        "GatherBlockQuantized", table[0], "input_ids", *table[1:], domain=CONTRIB,
        gather_axis=0, quantize_axis=1, block_size=32, bits=4,
    )  # fmt: skip
    places = source.array(f"{prefix}.position_embeddings.weight").astype(np.float32)
    places = places + source.array(f"{prefix}.token_type_embeddings.weight").astype(np.float32)[0]
    zero, one, two = (build.constant([value], np.int64) for value in (0, 1, 2))
    length = build.op("Slice", build.op("Shape", "input_ids"), one, two)
    placed = build.op("Slice", build.constant(places), zero, length, zero)
    return build.norm(build.op("Add", build.op("Cast", words, to=TensorProto.FLOAT), placed), f"{prefix}.LayerNorm")


def encoded(build: Builder, x: str, layer: str, mask: str) -> str:
    """One transformer layer."""
    names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    rows = build.rows(x)
    parts = [build.product(rows, name) for name in names]
    biases = build.constant(np.concatenate([build.source.dense[name][2] for name in names]))
    attended = build.op("MultiHeadAttention", *parts, biases, mask, domain=CONTRIB, num_heads=HEADS)
    dense = f"{layer}.attention.output.dense"
    out = build.bias(build.product(build.rows(attended), dense), dense)
    x = build.norm(build.op("Add", out, x), f"{layer}.attention.output.LayerNorm")
    dense = f"{layer}.intermediate.dense"
    grown = build.op("Gelu", build.bias(build.product(build.rows(x), dense), dense), domain=CONTRIB)
    dense = f"{layer}.output.dense"
    out = build.bias(build.product(build.rows(grown, gelu=True), dense), dense)
    return build.norm(build.op("Add", out, x), f"{layer}.output.LayerNorm")


def heads(build: Builder, x: str) -> None:
    """Sentiment, intent and embedding from the first token and the mean of all."""
    axis = build.constant([1], np.int64)
    mask = build.op(
        "Cast", build.op("Unsqueeze", "attention_mask", build.constant([2], np.int64)), to=TensorProto.FLOAT
    )
    total = build.op("ReduceSum", build.op("Mul", x, mask), axis, keepdims=0)
    mean = build.op("Div", total, build.op("ReduceSum", mask, axis, keepdims=0))
    first = build.op("Gather", x, build.constant(0, np.int64), axis=1)
    both = build.rows(build.op("Concat", first, mean, axis=-1))
    for layer, name in (("m.sent", "logits"), ("m.intent", "intent_logits")):
        build.op("Add", build.product(both, layer), build.constant(build.source.dense[layer][2]), name=name)
    projected = build.bias(build.product(build.rows(mean), "m.proj"), "m.proj")
    norm = build.op("Max", build.op("ReduceL2", projected, axes=[1], keepdims=1), build.constant(1e-6))
    build.op("Div", projected, norm, name="embedding")


def rewrite(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same weights with one activation scale per token."""
    source = Source(model.graph)
    if len(source.dense) != LAYERS * 6 + 3:
        raise SystemExit(f"expected {LAYERS} layers and three heads, found {len(source.dense)} linear layers")
    build = Builder(source)
    x = embedded(build)
    mask = build.op("Cast", "attention_mask", to=TensorProto.INT32)
    for layer in range(LAYERS):
        x = encoded(build, x, f"m.bert.encoder.layer.{layer}", mask)
    heads(build, x)
    graph = helper.make_graph(
        build.nodes, "sentiment", list(model.graph.input), list(model.graph.output), build.constants
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def main(arguments: Sequence[str]) -> None:
    """Read the first path, write the second."""
    if len(arguments) != 2:
        raise SystemExit("usage: rowwise.py SOURCE.onnx TARGET.onnx")
    source, target = map(Path, arguments)
    onnx.save(rewrite(onnx.load(source)), target)


if __name__ == "__main__":
    main(sys.argv[1:])
