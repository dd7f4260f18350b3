"""Writes dino_golden.txt beside this script:  PYTHONPATH=../testing python3 dino_golden.py"""
import torch
import torch.nn.functional as F

from steps import Case, write


class Dino(Case):
    def loss(self, z, t, step):
        center = self.buffers[0] if self.buffers else 0
        begin, end, span = self.temperature
        temperature = begin + (end - begin) * min(1, step / max(1, span - 1))
        terms = []
        for v, u in self.pairs():  # as in facebookresearch/dino's DINOLoss
            q = F.softmax((t[u] - center) / temperature, dim=-1)
            terms.append(torch.sum(-q * F.log_softmax(z[v] / self.student, dim=-1), dim=-1).mean())
        return sum(terms) / len(terms)

    def after(self, z, t, step):
        if self.buffers:
            mean = torch.cat([t[u] for u in self.target_views]).mean(dim=0)
            self.buffers[0].mul_(self.momentum).add_(mean * (1 - self.momentum))


def case(n, k, views, target_views, student=0.1, temperature=(0.04, 0.04, 1), momentum=0.9, center=True):
    config = f"student_temperature: {student} center_momentum: {momentum} center: {str(center).lower()} "
    config += "teacher_temperature { from: %g to: %g steps: %d }" % temperature
    buffers = [torch.zeros(k, dtype=torch.float64)] if center else []
    return Dino(config, n, k, views, target_views, steps=6, buffers=buffers, student=student, temperature=temperature,
                momentum=momentum)


write("dino_golden.txt", [
    case(4, 9, [0, 1], [0, 1], temperature=(0.2, 0.5, 4)), case(3, 8, [0, 1, 2, 3], [0, 1], student=0.5, temperature=(0.3, 0.3, 1)),
    case(3, 6, [0, 1], [0, 1], momentum=0, temperature=(0.5, 0.4, 6)), case(3, 6, [1, 2], [0], center=False, temperature=(1, 1, 1)),
    case(4, 7, [0, 1], [0, 1])
])
