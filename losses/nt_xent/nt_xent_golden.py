"""Writes nt_xent_golden.txt and nt_xent_target_golden.txt beside this script:

     PYTHONPATH=../testing python3 nt_xent_golden.py"""
import torch
import torch.nn.functional as F

import steps
from golden import contrastive, logits, same, write


def nt_xent(x, n, v, temperature):
    if v == 2:  # as it is usually written
        return F.cross_entropy(logits(x, temperature), torch.arange(2 * n).roll(n))
    positives = same(torch.arange(n).repeat(v))
    return -F.log_softmax(logits(x, temperature), dim=1)[positives].mean()


write("nt_xent_golden.txt", nt_xent, contrastive)


class WithTarget(steps.Case):
    def loss(self, z, t, step):
        terms = []
        for v, u in self.pairs():  # as in facebookresearch/moco-v3's contrastive_loss, the mean over pairs
            q, k = F.normalize(z[v], dim=1), F.normalize(t[u], dim=1)
            terms.append(F.cross_entropy(q @ k.T / self.temperature, torch.arange(self.n)))
        return sum(terms) / len(terms) * (2 * self.temperature if self.scaled else 1)


def with_target(n, d, views, target_views, temperature, scaled=False):
    config = f"temperature: {temperature}" + (" scale_by_temperature: true" if scaled else "")
    return WithTarget(config, n, d, views, target_views, steps=2, temperature=temperature, scaled=scaled)


steps.write("nt_xent_target_golden.txt", [
    with_target(6, 7, [0, 1], [0, 1], 0.2), with_target(6, 7, [0, 1], [0, 1], 0.2, scaled=True),
    with_target(5, 4, [0, 1, 2], [0, 1], 1.0), with_target(3, 8, [1], [0], 0.1), with_target(1, 4, [0, 1], [0, 1], 0.5)
])
