"""Writes negative_cosine_golden.txt beside this script:  PYTHONPATH=../testing python3 negative_cosine_golden.py"""
import torch.nn.functional as F

from steps import Case, write


class NegativeCosine(Case):
    def loss(self, z, t, step):
        if not self.average:  # as in simsiam/main_simsiam.py, for every pair
            terms = [F.cosine_similarity(z[v], t[u], dim=1).mean() for v, u in self.pairs()]
        else:  # as in lightly's FastSiam
            terms = []
            for v in self.views:
                others = [t[u] for u in self.target_views if u != v]
                if others:
                    terms.append(F.cosine_similarity(z[v], sum(others) / len(others), dim=1).mean())
        return -sum(terms) / len(terms)


def case(n, d, views, target_views, average=False):
    config = "average_targets: true" if average else ""
    return NegativeCosine(config, n, d, views, target_views, steps=2, average=average)


write("negative_cosine_golden.txt", [
    case(5, 7, [0, 1], [0, 1]), case(1, 4, [0, 1], [0, 1]), case(4, 6, [0, 1, 2, 3], [0, 1]),
    case(3, 5, [1, 2], [0]), case(3, 4, [0, 1], [1]), case(4, 6, [0, 1, 2, 3], [0, 1, 2, 3], average=True),
    case(3, 5, [0, 1, 2], [0, 1], average=True), case(3, 5, [0, 1], [1], average=True)
])
