"""Writes info_nce_queue_golden.txt beside this script:  PYTHONPATH=../testing python3 info_nce_queue_golden.py"""
import torch
import torch.nn.functional as F

from steps import Case, values, write


class InfoNceQueue(Case):
    def chosen(self):
        pairs = self.pairs()
        return pairs if self.symmetric else [p for p in pairs if p[0] == pairs[0][0]]

    def loss(self, z, t, step):
        queue, terms = self.buffers[0], []
        for v, u in self.chosen():  # as in facebookresearch/moco's forward
            q, k = F.normalize(z[v], dim=1), F.normalize(t[u], dim=1)
            positive, negatives = (q * k).sum(dim=1, keepdim=True), q @ queue.T
            logits = torch.cat([positive, negatives], dim=1) / self.temperature
            terms.append(F.cross_entropy(logits, torch.zeros(self.n, dtype=torch.long)))
        return sum(terms) / len(terms)

    def after(self, z, t, step):
        queue, place = self.buffers
        for u in sorted({u for _, u in self.chosen()}):
            for row in F.normalize(t[u], dim=1):
                queue[int(place[0])] = row
                place[0] = (place[0] + 1) % len(queue)
                place[1] = min(len(queue), place[1] + 1)


def case(n, d, views, target_views, rows, temperature, symmetric=True):
    config = f"rows: {rows} temperature: {temperature} symmetric: {str(symmetric).lower()}"
    buffers = [F.normalize(values(99, rows, d), dim=1), torch.zeros(2, dtype=torch.float64)]
    return InfoNceQueue(config, n, d, views, target_views, steps=6, buffers=buffers, temperature=temperature, symmetric=symmetric)


write("info_nce_queue_golden.txt", [
    case(4, 5, [0, 1], [0, 1], 16, 0.2), case(3, 6, [0, 1], [0, 1], 10, 0.5), case(3, 4, [0, 1], [0, 1], 7, 0.1, symmetric=False),
    case(4, 5, [0, 1, 2], [0, 1], 5, 1.0), case(2, 4, [1], [0], 9, 0.3)
])
