"""Writes losses/NAME/NAME_golden.txt: losses and gradients by PyTorch's autograd, in double precision.

Run in an environment with PyTorch, in the folder losses:  python3 testing/losses_golden.py

A line is: samples, views, features, the number of parameters and the parameters, the number of labels and the labels, the
loss, the gradient of all rows (view-major). The input is `inputs` below and GoldenLoss::Input() in golden.cc.
"""
import itertools

import torch
import torch.nn.functional as F


def inputs(rows, features):
    values = []
    for i in range(rows * features):
        x = (i + 1) * 2654435761 % 2**32
        x ^= x >> 15
        x = x * 2246822519 % 2**32
        x ^= x >> 13
        values.append((x % 2001 - 1000) / 512)
    return torch.tensor(values, dtype=torch.float64).view(rows, features).requires_grad_()


def write(name, loss, cases):
    with open(f"{name}/{name}_golden.txt", "w") as f:
        for n, v, d, parameters, labels in cases:
            x = inputs(n * v, d)
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


def nt_xent(x, n, v, temperature):
    if v == 2:  # as it is usually written
        return F.cross_entropy(logits(x, temperature), torch.arange(2 * n).roll(n))
    positives = same(torch.arange(n).repeat(v))
    return -F.log_softmax(logits(x, temperature), dim=1)[positives].mean()


def sup_con(x, n, v, temperature, labels):
    ids = [label if label >= 0 else -1 - i for i, label in enumerate(labels)] * v
    positives = same(ids)
    kept = positives.any(1)
    if not kept.any():
        return (x * 0).sum()
    log_probability = F.log_softmax(logits(x, temperature), dim=1).masked_fill(~positives, 0)
    return -(log_probability.sum(1)[kept] / positives.sum(1)[kept]).mean()


def dcl(x, n, v, temperature):
    positives = same(torch.arange(n).repeat(v))
    s = logits(x, temperature)
    attraction = s.masked_fill(~positives, 0).sum(1) / (v - 1)
    return (torch.logsumexp(s.masked_fill(positives, float("-inf")), dim=1) - attraction).mean()


def off_diagonal(c):
    return c[~torch.eye(len(c), dtype=torch.bool)]


def barlow_twins(x, n, v, weight):
    total = []
    for a, b in itertools.combinations(x.chunk(v), 2):  # as in facebookresearch/barlowtwins, for every pair
        bn = torch.nn.BatchNorm1d(x.shape[1], affine=False).double()
        c = bn(a).T @ bn(b) / n
        total.append((torch.diagonal(c) - 1).pow(2).sum() + weight * off_diagonal(c).pow(2).sum())
    return sum(total) / len(total)


def vicreg(x, n, v, invariance, variance, covariance):
    total = []
    for a, b in itertools.combinations(x.chunk(v), 2):  # as in facebookresearch/vicreg, for every pair
        loss = invariance * F.mse_loss(a, b)
        for y in (a, b):
            y = y - y.mean(dim=0)
            std = torch.sqrt(y.var(dim=0) + 0.0001)
            loss = loss + variance * F.relu(1 - std).mean() / 2
            c = y.T @ y / (n - 1)
            loss = loss + covariance * off_diagonal(c).pow(2).sum() / x.shape[1]
        total.append(loss)
    return sum(total) / len(total)


sizes = [(1, 2, 4), (2, 2, 3), (5, 2, 7), (8, 3, 5), (3, 4, 6), (33, 2, 8), (40, 2, 32)]
temperatures = [0.5, 0.1, 0.07, 0.5, 1.0, 0.2, 0.1]
contrastive = [(*size, [t], None) for size, t in zip(sizes, temperatures)] + [(17, 2, 6, [0.01], None)]
write("nt_xent", nt_xent, contrastive)
write("dcl", dcl, [case for case in contrastive if case[0] > 1])
write("sup_con", sup_con, [
    (4, 1, 5, [0.1], [2, 0, 2, 1]),
    (3, 1, 4, [0.1], [0, 1, 2]),
    (6, 2, 4, [0.5], [1, 0, 1, -1, -1, 0]),
    (1, 2, 3, [0.2], [7]),
    (35, 2, 6, [0.07], [i * i % 5 for i in range(35)]),
    (50, 1, 16, [0.2], [i % 2 for i in range(50)]),
])
# Not of two or three samples: standardised, they hardly depend on the input, and the gradient is what rounding leaves.
write("barlow_twins", barlow_twins, [(*size, [w], None) for size, w in zip(
    [(5, 2, 7), (8, 3, 5), (7, 4, 6), (33, 2, 8), (40, 2, 32)], [0.0051, 0.1, 1.0, 0.0, 0.02])])
write("vicreg", vicreg, [(*size, w, None) for size, w in zip(
    sizes[1:], [[25, 25, 1], [25, 25, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [25, 25, 1]])])
