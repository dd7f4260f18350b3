"""Twenty steps of PyTorch's optimizers on one small tensor: golden.txt. Run in optimizers/.

The weight starts at sin(0.7 i + 0.3), the gradient of step t is cos(0.1 i t); each line is a case and the weights after the
last step.
"""
import math
import torch

N = 12
CASES = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "sgd_plain": lambda p: torch.optim.SGD(p, lr=0.1),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, eps=1e-6),
}
with open("golden.txt", "w") as out:
    for name, make in CASES.items():
        w = torch.tensor([math.sin(0.7 * i + 0.3) for i in range(N)], dtype=torch.float32, requires_grad=True)
        optimizer = make([w])
        for t in range(1, 21):
            w.grad = torch.tensor([math.cos(0.1 * i * t) for i in range(N)], dtype=torch.float32)
            optimizer.step()
        print(name, *(f"{v:.9g}" for v in w.detach().tolist()), file=out)
