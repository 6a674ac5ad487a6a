"""The encoder with its three heads: sentiment, intent, embedding. The student has six layers, the teacher twelve."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from sentiment_training.base import Base, decoded

HEADS = 12
POSITIONS = 512
EMBEDDING = 256
SENTIMENTS = ("negative", "neutral", "positive")
INTENTS = ("complaint", "question", "praise", "suggestion", "refund", "lead", "spam", "other")


class Network(nn.Module):
    """Reads token ids, answers sentiment logits, intent logits and a unit vector.

    The heads for sentiment and intent see the first token beside the mean of all; the vector sees the mean. Word
    embeddings stay as they came: they are exported in the 4 bits they had.
    """

    def __init__(self, vocabulary: int, width: int, layers: int) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=HEADS,
            intermediate_size=4 * width,
            max_position_embeddings=POSITIONS,
            type_vocab_size=2,
            layer_norm_eps=1e-12,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=1,
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        self.sent = nn.Linear(2 * width, len(SENTIMENTS))
        self.intent = nn.Linear(2 * width, len(INTENTS))
        self.proj = nn.Linear(width, EMBEDDING)
        self.drop = nn.Dropout(0.1)
        for head in (self.sent, self.intent):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One row per text."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mean = mean_of(states, attention_mask)
        seen = self.drop(torch.cat([states[:, 0], mean], dim=1))
        vector = self.proj(mean).float()
        return self.sent(seen), self.intent(seen), vector / vector.norm(dim=1, keepdim=True).clamp_min(1e-6)


def mean_of(states: Tensor, mask: Tensor) -> Tensor:
    """The mean hidden state of each text's real tokens."""
    weight = mask.unsqueeze(-1).to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1)


def base_weights(base: Base, keep: list[int], layers: int) -> dict[str, Tensor]:
    """The lowest ``layers`` of ``base`` under the names of :class:`BertModel`, with the kept pieces alone."""
    state = {
        "embeddings.word_embeddings.weight": decoded(base.word_blocks[keep]).reshape(-1, base.width),
        "embeddings.position_embeddings.weight": base.tensors["emb.pos"].reshape(-1, base.width),
        "embeddings.token_type_embeddings.weight": _two_types(base),
        "embeddings.LayerNorm.weight": base.tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": base.tensors["emb.ln.b"],
    }
    for layer in range(layers):
        state |= _layer(base, layer)
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}


def _two_types(base: Base) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    types = np.zeros((2, base.width), np.float32)
    given = base.tensors["emb.type"].reshape(-1, base.width)
    types[: len(given)] = given
    return types


_DENSE: Mapping[str, str] = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS: Mapping[str, str] = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def _layer(base: Base, layer: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    state = {}
    for short, name in (*_DENSE.items(), *_NORMS.items()):
        weight, bias = (base.tensors[f"l{layer}.{short}.{part}"] for part in "wb")
        shape = (len(bias), -1) if short in _DENSE else (-1,)
        state[f"encoder.layer.{layer}.{name}.weight"] = weight.reshape(shape)
        state[f"encoder.layer.{layer}.{name}.bias"] = bias
    return state
