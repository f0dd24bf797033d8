"""Search without a task plugin: tensors and labels in, an architecture out.

The left and the right half of a digit are two modalities, each of eight rows of four pixels. The data come
with scikit-learn: pip install "nasframe[examples]".
"""

import torch
from sklearn.datasets import load_digits

import nasframe

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32) / 16
halves = {"left": images[:, :, :4], "right": images[:, :, 4:]}
experiment = nasframe.Experiment.of(
    task=nasframe.TensorTask(halves, torch.tensor(digits.target)),
    space="bimodal",
    relaxation="grmc",
)
found = nasframe.search(experiment)
print(nasframe.draw(found))
print(found.history[-1]["validation"])
