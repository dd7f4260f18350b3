"""Writes swav_golden.txt beside this script:  PYTHONPATH=../testing python3 swav_golden.py"""
import torch
import torch.nn.functional as F

from steps import Case, values, write


def sinkhorn(scores, epsilon, rounds):  # facebookresearch/swav's distributed_sinkhorn, of one process
    q = torch.exp(scores / epsilon).T
    b, k = q.shape[1], q.shape[0]
    q = q / q.sum()
    for _ in range(rounds):
        q = q / q.sum(dim=1, keepdim=True) / k
        q = q / q.sum(dim=0, keepdim=True) / b
    return (q * b).T


class Swav(Case):
    def targets(self, z, t):
        return [F.normalize((t if self.has_target else z)[u], dim=1).detach() for u in self.target_views]

    def loss(self, z, t, step):
        prototypes, = self.parameters
        scores = {v: F.normalize(z[v], dim=1) @ prototypes.T for v in self.views}
        codes = {}
        for i, (u, rows) in enumerate(zip(self.target_views, self.targets(z, t))):
            if self.queue_rows and step / 2 >= self.start and self.buffers[2 * i + 1][1] == self.queue_rows:
                rows = torch.cat([rows, self.buffers[2 * i]])
            with torch.no_grad():
                codes[u] = sinkhorn(rows @ prototypes.T, self.epsilon, self.rounds)[:self.n]
        terms = [-(codes[u] * F.log_softmax(scores[v] / self.temperature, dim=1)).sum(dim=1).mean() for v, u in self.pairs()]
        return sum(terms) / len(terms)

    def after(self, z, t, step):
        self.parameters[0].copy_(F.normalize(self.parameters[0], dim=1))
        for i, rows in enumerate(self.targets(z, t) if self.queue_rows else []):
            queue, place = self.buffers[2 * i:2 * i + 2]
            for row in rows:
                queue[int(place[0])] = row
                place[0] = (place[0] + 1) % len(queue)
                place[1] = min(len(queue), place[1] + 1)


def case(n, d, views, target_views, k, has_target=False, temperature=0.1, epsilon=0.05, rounds=3, queue_rows=0, start=0):
    config = f"prototypes: {k} temperature: {temperature} epsilon: {epsilon} sinkhorn_rounds: {rounds} "
    config += f"queue_rows: {queue_rows} queue_start_epoch: {start}"
    buffers = []
    for i in range(len(target_views) if queue_rows else 0):
        buffers += [F.normalize(values(90 + i, queue_rows, d), dim=1), torch.zeros(2, dtype=torch.float64)]
    return Swav(config, n, d, views, target_views, steps=6, parameters=[F.normalize(values(99, k, d), dim=1)], buffers=buffers,
                has_target=has_target, temperature=temperature, epsilon=epsilon, rounds=rounds, queue_rows=queue_rows, start=start)


write("swav_golden.txt", [
    case(6, 5, [0, 1], [0, 1], 4), case(4, 6, [0, 1, 2, 3], [0, 1], 7, temperature=0.2, rounds=1),
    case(4, 5, [0, 1, 2], [0, 1], 6, epsilon=0.5, queue_rows=7, start=1.5), case(4, 5, [0, 1], [0, 1], 6, has_target=True, queue_rows=8)
])
