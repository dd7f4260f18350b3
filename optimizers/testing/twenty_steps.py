"""Twenty steps of PyTorch's optimizers on one small tensor, for the golden files of optimizers (NAME/NAME_golden.py).

The weight starts at sin(0.7 i + 0.3), the gradient of step t is cos(0.1 i t). FollowsPyTorch in golden.cc takes the same.
"""
import math
import torch

N = 12


def write(path, cases):
    """A line a case: its name and the weights after the last step. cases: {name: parameters -> optimizer}."""
    with open(path, "w") as out:
        for name, make in cases.items():
            w = torch.tensor([math.sin(0.7 * i + 0.3) for i in range(N)], dtype=torch.float32, requires_grad=True)
            optimizer = make([w])
            for t in range(1, 21):
                w.grad = torch.tensor([math.cos(0.1 * i * t) for i in range(N)], dtype=torch.float32)
                optimizer.step()
            print(name, *(f"{v:.9g}" for v in w.detach().tolist()), file=out)
