"""Writes nnclr_golden.txt beside this script:  PYTHONPATH=../testing python3 nnclr_golden.py"""
import torch
import torch.nn.functional as F

from steps import Case, values, write


class Nnclr(Case):
    def loss(self, z, t, step):
        queue, terms = self.buffers[0], []
        for v, u in self.pairs():  # as in solo-learn's nnclr_loss_func
            nearest = queue[(F.normalize(t[u], dim=1) @ queue.T).argmax(dim=1)]
            logits = nearest @ F.normalize(z[v], dim=1).T / self.temperature
            terms.append(F.cross_entropy(logits, torch.arange(self.n)))
        return sum(terms) / len(terms)

    def after(self, z, t, step):
        queue, place = self.buffers
        for row in F.normalize(t[self.target_views[0]], dim=1):
            queue[int(place[0])] = row
            place[0] = (place[0] + 1) % len(queue)
            place[1] = min(len(queue), place[1] + 1)


def case(n, d, views, target_views, rows, temperature):
    buffers = [F.normalize(values(99, rows, d), dim=1), torch.zeros(2, dtype=torch.float64)]
    config = f"rows: {rows} temperature: {temperature}"
    return Nnclr(config, n, d, views, target_views, steps=5, buffers=buffers, temperature=temperature)


write("nnclr_golden.txt", [
    case(4, 5, [0, 1], [0, 1], 16, 0.1), case(5, 6, [0, 1], [0, 1], 7, 0.5), case(4, 5, [0, 1, 2], [0, 1], 9, 1.0),
    case(3, 4, [0], [1], 2, 0.2)
])
