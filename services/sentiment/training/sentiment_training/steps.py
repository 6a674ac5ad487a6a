"""From base weights to a student; each step leaves its result in the work folder and finds those before it there."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from sentiment_training import vocabulary
from sentiment_training.base import Base, bundled, read
from sentiment_training.batching import collected
from sentiment_training.corpus import Example, ours, public, split
from sentiment_training.learning import Plan, train
from sentiment_training.losses import Labels, Told
from sentiment_training.network import EMBEDDING, Network, base_weights, mean_of

SHAPE = Path(__file__).parents[2] / "src" / "sentiment" / "model" / "tokenizer.json"
PIECES = 52_001
LONGEST = 64
"""Tokens of a text in training; the service reads up to 128, few mentions have more than 64."""
TEACHER_LAYERS, STUDENT_LAYERS = 12, 6


@dataclass(frozen=True)
class Work:
    """A folder for what the steps make.

    Attributes:
        folder: where it is; made if missing.
        data: where the public sets are.
    """

    folder: Path
    data: Path

    @cached_property
    def base(self) -> Base:
        """The base weights."""
        return read(bundled())

    @cached_property
    def examples(self) -> tuple[list[Example], list[Example]]:
        """What is learnt from, and what is held out."""
        return split([*public(self.data), *ours()])

    @cached_property
    def keep(self) -> list[int]:
        """The ids of the pieces of the vocabulary, chosen at the first asking."""
        path = self.folder / "pieces.json"
        if not path.exists():
            whole = vocabulary.tokenizer(SHAPE, self.base.pieces)
            texts = {(one.language, one.text) for part in self.examples for one in part}
            path.write_text(json.dumps(vocabulary.chosen(whole, self.base.pieces, sorted(texts), PIECES)))
        kept: list[int] = json.loads(path.read_text())
        return kept

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer with the chosen pieces."""
        return vocabulary.tokenizer(SHAPE, self.base.pieces, self.keep)

    def network(self, layers: int) -> Network:
        """A network whose encoder is the lowest ``layers`` of the base, with fresh heads."""
        torch.manual_seed(layers)
        made = Network(len(self.keep), self.base.width, layers)
        made.bert.load_state_dict(base_weights(self.base, self.keep, layers), strict=True)
        return made

    def rows(self, examples: list[Example]) -> list[NDArray[np.int32]]:
        """The tokens of ``examples``, cut to :data:`LONGEST`."""
        cutter = Tokenizer.from_str(self.tokenizer.to_str())
        cutter.enable_truncation(LONGEST)
        return [np.array(found.ids, np.int32) for found in cutter.encode_batch([one.text for one in examples])]


def teach(work: Work, plan: Plan) -> None:
    """Train the teacher and have it answer every text that the student will learn from."""
    examples, _ = work.examples
    rows = work.rows(examples)
    network = train(work.network(TEACHER_LAYERS), rows, Labels(examples), plan, work.folder / "teacher")
    torch.save(network.state_dict(), work.folder / "teacher.pt")
    sentiment, intent, _ = answers(network, rows)
    np.savez(work.folder / "teacher.npz", sentiment=sentiment, intent=intent, vectors=vectors(work, rows))


def distil(work: Work, plan: Plan) -> None:
    """Train the student of ``plan.seed`` on labels and on what the teacher said."""
    examples, _ = work.examples
    said = np.load(work.folder / "teacher.npz")
    told = Told(said["sentiment"], said["intent"], said["vectors"])
    name = f"student-{plan.seed}"
    network = train(work.network(STUDENT_LAYERS), work.rows(examples), Labels(examples, told), plan, work.folder / name)
    torch.save(network.state_dict(), work.folder / f"{name}.pt")


def learnt(work: Work, name: str, layers: int) -> Network:
    """The network that was trained under ``name``."""
    network = work.network(layers)
    network.load_state_dict(torch.load(work.folder / f"{name}.pt", weights_only=True))
    return network.eval()


def answers(network: nn.Module, rows: list[NDArray[np.int32]]) -> list[NDArray[np.float32]]:
    """What ``network`` gives for each of ``rows``: one array per output."""

    def run(ids: Tensor, mask: Tensor) -> list[NDArray[np.float32]]:
        return [part.numpy() for part in network(ids, mask)]

    with torch.inference_mode():
        return collected(run, rows)


class _Mean(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.bert = network.bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return (mean_of(states, attention_mask),)


def vectors(work: Work, rows: list[NDArray[np.int32]], *, every: int = 4) -> NDArray[np.float32]:
    """For one in ``every`` text the vector that the base gives it, turned to the 256 directions that vary most.

    The others get zeros. The student learns to give these from six layers, so that texts of like meaning, in two
    languages even, stay neighbours: what few-shot intents and topics need.
    """
    query = work.tokenizer.encode("query:", add_special_tokens=False).ids
    places = np.arange(0, len(rows), every)
    asked = [np.array([rows[place][0], *query, *rows[place][1:]], np.int32) for place in places]
    (states,) = answers(_Mean(work.network(TEACHER_LAYERS)).eval(), asked)
    centred = states - states.mean(0)
    _, _, directions = np.linalg.svd(centred[:15_000], full_matrices=False)
    turned = centred @ directions[:EMBEDDING].T
    made = np.zeros((len(rows), EMBEDDING), np.float32)
    made[places] = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    return made
