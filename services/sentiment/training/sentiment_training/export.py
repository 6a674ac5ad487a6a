"""Writes a trained student as a model directory of the service: graph, tokenizer, configuration."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from torch import Tensor

from sentiment_training.batching import collected
from sentiment_training.calibration import temperature
from sentiment_training.corpus import Example
from sentiment_training.graph import POSITIONS, graph
from sentiment_training.network import EMBEDDING, HEADS, INTENTS, SENTIMENTS
from sentiment_training.steps import STUDENT_LAYERS, Work, learnt

NAME = "shenava-sentiment-6l"


def export(work: Work, name: str, into: Path) -> None:
    """Write the student ``name`` to the directory ``into``, calibrated on the held-out texts."""
    network = learnt(work, name, STUDENT_LAYERS)
    weights = {key: value.float().numpy() for key, value in network.state_dict().items() if value.is_floating_point()}
    made = graph(weights, work.base.word_blocks[work.keep], layers=STUDENT_LAYERS, heads=HEADS)
    onnx.checker.check_model(made, skip_opset_compatibility_check=True)
    (into / "onnx").mkdir(parents=True, exist_ok=True)
    onnx.save(made, into / "onnx" / "model.onnx")
    work.tokenizer.save(str(into / "tokenizer.json"), pretty=False)
    _, dev = work.examples
    logits = answers(into / "onnx" / "model.onnx", work.rows(dev))
    _write(into / "config.json", config(work, dev, logits))
    _write(into / "tokenizer_config.json", TOKENIZER)


def answers(model: Path, rows: list[NDArray[np.int32]]) -> NDArray[np.float32]:
    """The sentiment logits that the exported graph gives."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def run(ids: Tensor, mask: Tensor) -> list[NDArray[np.float32]]:
        return [session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]]

    (logits,) = collected(run, rows)
    return logits


def config(work: Work, dev: list[Example], logits: NDArray[np.float32]) -> dict[str, object]:
    """What the service must know of the model, with the temperatures that fit ``dev``: one, and one per language."""
    languages = sorted({one.language for one in dev})
    per_language = {
        language: temperature(
            [one for one in dev if one.language == language],
            logits[[place for place, one in enumerate(dev) if one.language == language]],
        )
        for language in languages
    }
    return {
        "model_id": NAME,
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": len(work.keep),
        "hidden_size": work.base.width,
        "num_hidden_layers": STUDENT_LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": 4 * work.base.width,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1,
        "hidden_act": "gelu",
        "id2label": dict(enumerate(SENTIMENTS)),
        "label2id": {label: place for place, label in enumerate(SENTIMENTS)},
        "intent_labels": list(INTENTS),
        "temperature": temperature(dev, logits),
        "temperatures": per_language,
        "embedding_dim": EMBEDDING,
        "outputs": ["logits", "intent_logits", "embedding"],
    }


TOKENIZER: dict[str, object] = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": 128,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
    "clean_up_tokenization_spaces": False,
    "model_input_names": ["input_ids", "attention_mask"],
}


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
