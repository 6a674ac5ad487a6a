"""Models that are not ours: directories in the layout of Hugging Face, with labels of their own."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast

from sentiment.classifier import Classifier
from sentiment.labels import UnusableModel, meanings

WORDS = ["[PAD]", "[UNK]", "بد", "معمولی", "عالی", "good", "awful"]
STARS = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]
WEIGHTS = [
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [6, 2, 0, 0, 0],
    [0, 0, 6, 0, 0],
    [0, 0, 0, 2, 6],
    [0, 0, 0, 5, 3],
    [90, 0, 0, 0, 0],
]


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer: a number, or anything with a length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def tensor(name: str, kind: int, shape: Sequence[int], data: bytes) -> bytes:
    return b"".join(field(1, size) for size in shape) + field(2, kind) + field(8, name) + field(9, data)


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **numbers: int) -> bytes:
    attributes = (field(5, field(1, name) + field(3, value) + field(20, 2)) for name, value in numbers.items())
    names = [field(1, name) for name in inputs] + [field(2, name) for name in outputs]
    return b"".join(names) + field(4, kind) + b"".join(attributes)


def value(name: str, kind: int, shape: Sequence[str]) -> bytes:
    dimensions = b"".join(field(1, field(2, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dimensions)))


def onnx_model(*, dynamically_quantised: bool = False) -> bytes:
    """A bag of words: the logits are the sum of the weights of the words (see onnx.proto for the field numbers)."""
    flat = [float(weight) for row in WEIGHTS for weight in row]
    weighed = "rounded" if dynamically_quantised else "weighed"
    nodes = [
        node("Gather", ["table", "input_ids"], ["found"]),
        node("Cast", ["attention_mask"], ["mask"], to=1),
        node("Unsqueeze", ["mask", "two"], ["column"]),
        node("Mul", ["found", "column"], ["weighed"]),
        node("ReduceSum", [weighed, "one"], ["logits"], keepdims=0),
    ]
    if dynamically_quantised:
        nodes[4:4] = [
            node("DynamicQuantizeLinear", ["weighed"], ["bytes", "scale", "zero"]),
            node("DequantizeLinear", ["bytes", "scale", "zero"], ["rounded"]),
        ]
    constants = [
        tensor("table", 1, (len(WORDS), len(STARS)), struct.pack(f"<{len(flat)}f", *flat)),
        tensor("one", 7, (1,), struct.pack("<q", 1)),
        tensor("two", 7, (1,), struct.pack("<q", 2)),
    ]
    ports = [field(11, value(name, 7, ("b", "s"))) for name in ("input_ids", "attention_mask")]
    graph = b"".join(field(1, item) for item in nodes) + field(2, "words")
    graph += b"".join(field(5, item) for item in constants) + b"".join(ports)
    graph += field(12, value("logits", 1, ("b", "n")))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def directory(at: Path, labels: Sequence[str], graph: bytes | None) -> Path:
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")  # type: ignore[no-untyped-call] # transformers leaves it untyped
    wrapped.save_pretrained(at)
    config = {"model_type": "bert", "id2label": {str(place): label for place, label in enumerate(labels)}}
    (at / "config.json").write_text(json.dumps(config))
    if graph is not None:
        (at / "onnx").mkdir()
        (at / "onnx" / "model.onnx").write_bytes(graph)
    return at


def test_a_model_of_star_ratings_serves_without_any_setting(tmp_path: Path) -> None:
    classifier = Classifier.load(directory(tmp_path, STARS, onnx_model()))
    found = classifier.classify(["بد بود", "معمولی", "عالی بود", "good", "awful awful"])
    assert [p.sentiment for p in found] == ["negative", "neutral", "positive", "positive", "negative"]
    assert found[0].intent is None


def test_stars_of_one_meaning_add_up(tmp_path: Path) -> None:
    classifier = Classifier.load(directory(tmp_path, STARS, onnx_model()), temperature=1.0)
    [prediction] = classifier.classify(["good"])  # 4 stars: 5, 5 stars: 3
    total = 3 * 1.0 + 2.718281828459045**5 + 2.718281828459045**3
    assert prediction.confidence == pytest.approx(1 - 3 / total, abs=1e-6)


def test_a_dynamically_quantised_model_still_scores_a_text_alike_beside_any_other(tmp_path: Path) -> None:
    classifier = Classifier.load(directory(tmp_path, STARS, onnx_model(dynamically_quantised=True)))
    [alone] = classifier.classify(["good"])
    together = classifier.classify(["awful", "good", "awful"])  # a weight of 90 would set the scale of all
    assert together[1] == alone


def test_a_different_graph_or_label_map_is_another_version(tmp_path: Path) -> None:
    first = Classifier.load(directory(tmp_path / "a", STARS, onnx_model()))
    second = Classifier.load(directory(tmp_path / "b", STARS, onnx_model(dynamically_quantised=True)))
    mapped = Classifier.load(tmp_path / "a", label_map={"2 stars": "neutral"})
    assert len({first.model_version, second.model_version, mapped.model_version}) == 3
    assert first.model_id == "a"


def test_labels_that_say_nothing_need_a_map_and_the_error_shows_one(tmp_path: Path) -> None:
    labels = [f"LABEL_{place}" for place in range(5)]
    at = directory(tmp_path, labels, onnx_model())
    with pytest.raises(UnusableModel, match=r'LABEL_0.*label map such as \{"LABEL_0": "negative"\}'):
        Classifier.load(at)
    label_map = dict(zip(labels, ["negative", "negative", "neutral", "positive", "positive"], strict=True))
    [prediction] = Classifier.load(at, label_map=label_map).classify(["عالی"])
    assert prediction.sentiment == "positive"


def test_a_map_to_no_sentiment_is_refused() -> None:
    with pytest.raises(UnusableModel, match="'angry'; it must be one of negative, neutral, positive"):
        meanings(["NEG", "POS"], {"NEG": "angry"})


def test_a_model_without_a_negative_side_is_refused() -> None:
    with pytest.raises(UnusableModel, match="at least a negative and a positive"):
        meanings(["positive", "neutral"], None)


@pytest.mark.parametrize(
    "labels",
    [["NEG", "POS"], ["Negative", "Neutral", "Positive"], ["SAD", "HAPPY"], ["not_recommended", "recommended"]],
)
def test_common_names_of_labels_are_understood(labels: list[str]) -> None:
    found = meanings(labels, None)
    assert (found[0], found[-1]) == ("negative", "positive")


def test_a_model_without_a_graph_needs_pytorch_and_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentiment.backends.find_spec", lambda _name: None)
    with pytest.raises(UnusableModel, match=r"onnx/model\.onnx.*PyTorch is not installed"):
        Classifier.load(directory(tmp_path, STARS, None))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="no model directory at"):
        Classifier.load(tmp_path / "nowhere")


def test_a_directory_without_a_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match=r"config\.json"):
        Classifier.load(tmp_path)
