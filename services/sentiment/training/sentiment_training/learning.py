"""The loop that both networks are trained by: it can be stopped at any time and goes on from its last checkpoint."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sentiment_training.batching import Places, padded, shuffled

Losses = Callable[[tuple[Tensor, Tensor, Tensor], Places], Mapping[str, Tensor]]
"""From the network's answers for some texts, and their places, to the parts of the loss, each already weighted."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        epochs: times that every text is read.
        rate: highest step size of AdamW for the encoder; the heads learn ``head_rate`` times as fast.
        tokens: of one batch, with padding.
        average: how slowly the averaged weights, which are the ones kept, follow the learnt ones.
        save_every: steps between two checkpoints.
    """

    epochs: int
    rate: float
    seed: int
    tokens: int = 2000
    texts: int = 80
    head_rate: float = 8.0
    average: float = 0.999
    warm_up: float = 0.04
    save_every: int = 200


def train(network: nn.Module, rows: list[NDArray[np.int32]], losses: Losses, plan: Plan, folder: Path) -> nn.Module:
    """``network`` with the averaged weights after the whole ``plan``; goes on where ``folder`` has a checkpoint of it.

    Raises:
        ValueError: the checkpoint is of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    lengths = np.array([len(row) for row in rows])
    batches = [
        batch
        for epoch in range(plan.epochs)
        for batch in shuffled(lengths, tokens=plan.tokens, most=plan.texts, seed=1000 * plan.seed + epoch)
    ]
    run = _Run(network, plan, len(batches), folder / "checkpoint.pt")
    began, seen, first = monotonic(), 0, run.step
    network.train()
    for batch in batches[first:]:
        run.learn(losses(network(*padded(rows, batch)), batch))
        seen += len(batch)
        if run.step % 50 == 0:
            rate = seen / (monotonic() - began)
            left = (len(batches) - run.step) * (monotonic() - began) / (run.step - first)
            sys.stderr.write(f"{run.step}/{len(batches)} {run.told()} {rate:.0f} texts/s {left / 60:.0f} min left\n")
        if run.step % plan.save_every == 0:
            run.save()
    run.save()
    network.load_state_dict(run.averaged)
    return network.eval()


class _Run:
    """Weights, their average and the optimiser, at one step of a plan."""

    def __init__(self, network: nn.Module, plan: Plan, steps: int, checkpoint: Path) -> None:
        self.network, self.plan, self.steps, self.checkpoint = network, plan, steps, checkpoint
        self.step = 0
        self.averaged = {name: value.clone() for name, value in network.state_dict().items()}
        self._smooth: dict[str, float] = {}
        learnt = [pair for pair in network.named_parameters() if pair[1].requires_grad]
        self._encoder = [value for name, value in learnt if name.startswith("bert")]
        heads = [value for name, value in learnt if not name.startswith("bert")]
        self._optimiser = torch.optim.AdamW(
            [{"params": self._encoder, "lr": plan.rate}, {"params": heads, "lr": plan.rate * plan.head_rate}],
            weight_decay=0.01, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, self._share)
        if checkpoint.exists():
            self._load()

    def _share(self, step: int) -> float:
        """Of the highest rate: up in the first steps, then down in a straight line."""
        return min(1.0, (step + 1) / (self.plan.warm_up * self.steps), max(0.005, 1 - step / self.steps))

    def learn(self, parts: Mapping[str, Tensor]) -> None:
        """Take one step down the sum of ``parts``."""
        sum(parts.values(), torch.zeros(())).backward()
        torch.nn.utils.clip_grad_norm_(self._encoder, 1.0)
        self._optimiser.step()
        self._schedule.step()
        self._optimiser.zero_grad(set_to_none=True)
        self.step += 1
        slow = min(self.plan.average, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    self.averaged[name].lerp_(value, 1 - slow)
        for name, part in parts.items():
            self._smooth[name] = 0.98 * self._smooth.get(name, part.item()) + 0.02 * part.item()

    def told(self) -> str:
        """The smoothed parts of the loss."""
        return " ".join(f"{name} {value:.3f}" for name, value in self._smooth.items())

    def save(self) -> None:
        """Write a checkpoint; the one before stays whole until this one is."""
        state = {
            "plan": asdict(self.plan), "step": self.step, "network": self.network.state_dict(),
            "averaged": self.averaged, "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }  # fmt: skip
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def _load(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        if state["plan"] != asdict(self.plan):
            raise ValueError(
                f"{self.checkpoint} is of another plan ({state['plan']}); give another folder or remove it"
            )
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self.step = state["step"]
