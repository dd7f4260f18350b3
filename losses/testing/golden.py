"""What the golden scripts of losses (NAME/NAME_golden.py) share: the input, the file, and parts of losses in PyTorch.

A script runs in its own folder, in an environment with PyTorch:  PYTHONPATH=../testing python3 NAME_golden.py
"""
import torch
import torch.nn.functional as F


def values(stream, rows, features):
    """golden.cc's GoldenValues."""
    result = []
    for i in range(rows * features):
        x = (i + 1 + 1000003 * stream) % 2**32 * 2654435761 % 2**32
        x ^= x >> 15
        x = x * 2246822519 % 2**32
        x ^= x >> 13
        result.append((x % 2001 - 1000) / 512)
    return torch.tensor(result, dtype=torch.float64).view(rows, features)


def write(path, loss, cases):
    """A line a case: losses and gradients by PyTorch's autograd, in double precision.

    samples, views, features, the number of parameters and the parameters, the number of labels and the labels, the loss, the
    gradient of all rows (view-major). The input is the values of stream 0, GoldenLoss::Input() in golden.cc.
    """
    with open(path, "w") as f:
        for n, v, d, parameters, labels in cases:
            x = values(0, n * v, d).requires_grad_()
            value = loss(x, n, v, *parameters) if labels is None else loss(x, n, v, *parameters, labels)
            value.backward()
            print(n, v, d, len(parameters), *parameters, len(labels or []), *(labels or []), f"{value.item():.12g}",
                  *(f"{g:.9g}" for g in x.grad.flatten().tolist()), file=f)


def logits(x, temperature):
    z = F.normalize(x, dim=1)
    return (z @ z.T / temperature).masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf"))


def same(ids):
    ids = torch.as_tensor(ids)
    return (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)


def off_diagonal(c):
    return c[~torch.eye(len(c), dtype=torch.bool)]


# (samples, views, features), and the cases of a loss with a temperature.
sizes = [(1, 2, 4), (2, 2, 3), (5, 2, 7), (8, 3, 5), (3, 4, 6), (33, 2, 8), (40, 2, 32)]
temperatures = [0.5, 0.1, 0.07, 0.5, 1.0, 0.2, 0.1]
contrastive = [(*size, [t], None) for size, t in zip(sizes, temperatures)] + [(17, 2, 6, [0.01], None)]
