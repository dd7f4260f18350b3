"""What the golden scripts of losses with targets, parameters and memory share: inputs of several steps, and the file.

A script runs in its own folder, in an environment with PyTorch:  PYTHONPATH=../testing python3 NAME_golden.py
"""
import torch

from golden import values


def flat(tensors):
    return " ".join(f"{x:.9g}" for t in tensors for x in t.detach().flatten().tolist())


class Case:
    """A run of steps of a loss.

    loss(z, t, step) is the loss of z = {view: [N, D]} and of targets t = {view: [N, D]}, computed with self.parameters and
    self.buffers; after(z, t, step) does what comes after the optimizer's step; both are given by a class that derives from this.
    """

    def __init__(self, config, n, d, views, target_views, steps, parameters=(), buffers=(), has_target=True, rate=0.1, **more):
        self.config, self.n, self.d, self.views, self.target_views = config, n, d, views, target_views
        self.steps, self.rate, self.has_target = steps, rate, has_target
        self.parameters = [p.clone().requires_grad_() for p in parameters]
        self.buffers = [b.clone() for b in buffers]
        self.__dict__.update(more)

    def after(self, z, t, step):
        pass

    def pairs(self):
        return [(v, t) for v in self.views for t in self.target_views if v != t]

    def write(self, f):
        line = lambda key, *parts: print(key, *parts, file=f)
        line("config", self.config)
        line("sizes", self.n, self.d, int(self.has_target), self.rate)
        line("views", *self.views)
        line("target_views", *self.target_views)
        line("start", flat(self.parameters + self.buffers))
        for step in range(self.steps):
            z = values(2 * step, len(self.views) * self.n, self.d).requires_grad_()
            target = values(2 * step + 1, len(self.target_views) * self.n, self.d)
            by_view = dict(zip(self.views, z.chunk(len(self.views))))
            targets = dict(zip(self.target_views, target.chunk(len(self.target_views))))
            loss = self.loss(by_view, targets, step)
            gradients = torch.autograd.grad(loss, [z] + self.parameters)
            line("loss", f"{loss.item():.12g}")
            line("gradient", flat(gradients[:1]))
            line("parameters", flat(gradients[1:]))
            with torch.no_grad():
                for p, g in zip(self.parameters, gradients[1:]):
                    p -= self.rate * g
                self.after(by_view, targets, step)
            line("state", flat(self.parameters + self.buffers))


def write(path, cases):
    with open(path, "w") as f:
        for case in cases:
            case.write(f)
