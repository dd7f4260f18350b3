"""Writes golden.txt: figures of a part of Fashion-MNIST from PyTorch, in double precision where it matters.

    peer golden.py > golden.txt

The first 8000 training and 2000 test images, as floats in [0, 1]. k-NN and probe as in the project's protocol:
weighted k-NN (k = 200, T = 0.1, cosine), plain k-NN (k = 10, cosine), logistic regression on standardised features
with 1e-5 times the sum of squared weights.
"""
import gzip
import numpy as np
import torch
import torch.nn.functional as F

FOLDER = "/usr/share/datasets/fashion-mnist/"


def idx(name, count):
    raw = gzip.open(FOLDER + name + ".gz").read()
    dims = np.frombuffer(raw, ">i4", raw[3], 4)
    return torch.from_numpy(np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims)[:count].copy())


train = idx("train-images-idx3-ubyte", 8000).flatten(1).double() / 255
test = idx("t10k-images-idx3-ubyte", 2000).flatten(1).double() / 255
train_y, test_y = idx("train-labels-idx1-ubyte", 8000).long(), idx("t10k-labels-idx1-ubyte", 2000).long()


def knn(a, b, k, weigh):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    s, i = (b @ a.T).topk(k)
    votes = torch.zeros(len(b), 10).double().scatter_add_(1, train_y[i], weigh(s))
    return (votes.argmax(1) == test_y).double().mean().item() * 100


def probe(a, b, iterations):
    mean, std = a.mean(0), a.std(0) + 1e-6
    a, b = (a - mean) / std, (b - mean) / std
    w = torch.nn.Linear(a.shape[1], 10).double()
    torch.nn.init.zeros_(w.weight), torch.nn.init.zeros_(w.bias)
    opt = torch.optim.LBFGS(w.parameters(), max_iter=iterations, max_eval=2 * iterations, tolerance_grad=1e-8,
                            tolerance_change=1e-14, history_size=50, line_search_fn="strong_wolfe")

    def loss():
        return F.cross_entropy(w(a), train_y) + 1e-5 * w.weight.square().sum()

    def closure():
        opt.zero_grad()
        value = loss()
        value.backward()
        return value
    opt.step(closure)
    with torch.no_grad():
        return loss().item(), (w(b).argmax(1) == test_y).double().mean().item() * 100


def say(name, value):
    print(name, f"{value:.10g}")


one = lambda s: torch.ones_like(s)
vote = lambda s: (s / 0.1).exp()
say("raw_knn_weighted", knn(train, test, 200, vote))
say("raw_knn_plain", knn(train, test, 10, one))
mean = train.mean(0)
_, _, v = torch.linalg.svd(train - mean, full_matrices=False)
for k in [1, 8, 32]:
    code = lambda x: (x - mean) @ v[:k].T
    say(f"pca{k}_train_mse", (code(train) @ v[:k] + mean - train).square().mean().item())
    say(f"pca{k}_test_mse", (code(test) @ v[:k] + mean - test).square().mean().item())
say("pca32_knn_weighted", knn(code(train), code(test), 200, vote))
say("pca32_knn_plain", knn(code(train), code(test), 10, one))
loss, accuracy = probe(code(train), code(test), 3000)
say("pca32_probe_loss", loss)
say("pca32_probe", accuracy)
