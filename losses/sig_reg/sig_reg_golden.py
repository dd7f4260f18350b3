"""Writes sig_reg_golden.txt beside this script:  PYTHONPATH=../testing python3 sig_reg_golden.py"""
import torch

from slices import random_slices
from steps import Case, write


class SigReg(Case):
    def loss(self, z, t, step):  # as lightly's LeJEPALoss
        proj = torch.stack([z[v] for v in self.views])
        centers = torch.stack([z[v] for v in self.target_views]).mean(0)
        invariance = (centers - proj).square().mean()
        knots = torch.linspace(0, self.range, self.knots, dtype=torch.float64)
        dt = self.range / (self.knots - 1)
        weights = torch.full((self.knots,), 2 * dt, dtype=torch.float64)
        weights[[0, -1]] = dt
        phi = torch.exp(-knots.square() / 2)
        x_t = (proj @ random_slices(3, step + 1, self.slices, self.d).T).unsqueeze(-1) * knots
        error = (x_t.cos().mean(-3) - phi).square() + x_t.sin().mean(-3).square()
        sig_reg = ((error @ (weights * phi)) * self.n).mean()
        return self.weight * sig_reg + (1 - self.weight) * invariance


def case(n, d, views, target_views, weight=0.05, slices=20, knots=17, range=3):
    config = f"lambda: {weight} slices: {slices} knots: {knots} range: {range}"
    return SigReg(config, n, d, views, target_views, steps=3, has_target=False, weight=weight, slices=slices, knots=knots,
                  range=range)


write("sig_reg_golden.txt", [
    case(6, 5, [0, 1], [0, 1]), case(5, 7, [0, 1, 2, 3], [0, 1], weight=0.4), case(8, 4, [0, 1, 2], [0, 1, 2], weight=1, slices=1),
    case(3, 6, [0, 1], [1], knots=2, range=2), case(4, 3, [0, 1], [0, 1], weight=0.9, slices=33, knots=40, range=5)
])
