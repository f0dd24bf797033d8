"""Print by how many MB the peak of this process grows for one gradient of 1000 choices of 8 candidates."""

from __future__ import annotations

from pathlib import Path

import torch

from nasframe.relaxations import GumbelRaoMonteCarlo


def main() -> None:
    torch.set_num_threads(1)
    relaxation = GumbelRaoMonteCarlo(samples=1000)
    gradient(relaxation, 4)  # loads what it needs
    before = peak()
    gradient(relaxation, 1000)
    print(peak() - before)


def gradient(relaxation: GumbelRaoMonteCarlo, choices: int) -> None:
    logits = torch.randn(choices, 8, requires_grad=True)
    relaxation.sample(logits).weights.backward(torch.randn(choices, 8))


def peak() -> float:
    """Return the largest resident size so far, in MB: Linux alone tells that of this program alone."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
