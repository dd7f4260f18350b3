"""Writes vis_reg_golden.txt beside this script:  PYTHONPATH=../testing python3 vis_reg_golden.py"""
import torch
from torch.distributions import Normal

from slices import random_slices
from steps import Case, write


class VisReg(Case):
    def loss(self, z, t, step):  # as lightly's VISRegLoss
        proj = torch.stack([z[v] for v in self.views])
        centers = torch.stack([z[v] for v in self.target_views]).mean(0)
        invariance = (centers - proj).square().mean()
        std = proj.std(dim=-2, unbiased=False)
        scale = (1 - std).square().mean()
        normed = (proj - proj.mean(dim=-2, keepdim=True)) / (std.detach().unsqueeze(-2) + self.epsilon)
        projections = (normed @ random_slices(3, step + 1, self.slices, self.d).T).sort(dim=-2).values
        places = torch.arange(1, self.n + 1, dtype=torch.float64) / (self.n + 1)
        quantiles = Normal(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)).icdf(places)
        shape = (projections - quantiles.unsqueeze(-1)).square().mean()
        center = proj.mean(dim=-2).square().mean()
        a, b, c = self.weights
        return (1 - self.weight) * invariance + self.weight * (a * scale + b * shape + c * center)


def case(n, d, views, target_views, weight=0.6, slices=20, weights=(1, 1, 1), epsilon=1e-4):
    config = f"lambda: {weight} slices: {slices} epsilon: {epsilon} "
    config += "scale_weight: %g shape_weight: %g center_weight: %g" % weights
    return VisReg(config, n, d, views, target_views, steps=3, has_target=False, weight=weight, slices=slices, weights=weights,
                  epsilon=epsilon)


write("vis_reg_golden.txt", [
    case(6, 5, [0, 1], [0, 1]), case(5, 7, [0, 1, 2, 3], [0, 1], weight=0.9, weights=(0.5, 2, 3)),
    case(9, 4, [0, 1, 2], [0, 1, 2], weight=1, slices=1, weights=(0, 1, 0)), case(3, 6, [0, 1], [1], epsilon=0.1),
    case(7, 3, [0, 1], [0, 1], weights=(1, 0.1, 0), slices=33)
])
