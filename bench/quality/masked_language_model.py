"""The model of gcide_mlm_tiny in PyTorch, on the same token ids, to compare held-out losses at equal steps.

    pretext tokenize pipelines/gcide_mlm_tiny.textproto --out train.npy
    pretext tokenize pipelines/gcide_mlm_tiny.textproto --split test --out test.npy
    pretext train pipelines/gcide_mlm_tiny.textproto --override 'train { steps: 400 batch_size: 64 } schedule { warmup_steps: 200 }
        optimizer { [type.googleapis.com/pretext.AdamW] { learning_rate: 2e-3 beta2: 0.999 } }'
    python3 masked_language_model.py train.npy test.npy --steps 400

Model, masking, optimizer and schedule are those of the pipeline so overridden; random numbers are PyTorch's own, so
masks and initial weights differ. Prints a line of JSON: held-out masked loss and accuracy, and the seconds.
"""
import argparse, json, math, time
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("train")
parser.add_argument("test")
parser.add_argument("--steps", type=int, default=400)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--rate", type=float, default=2e-3)
parser.add_argument("--warmup", type=int, default=200)
parser.add_argument("--layers", type=int, default=2)
parser.add_argument("--width", type=int, default=128)
parser.add_argument("--heads", type=int, default=2)
parser.add_argument("--test_samples", type=int, default=2048)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
torch.manual_seed(args.seed)

PAD, MASK, SPECIAL = 0, 4, 5  # [PAD] [UNK] [CLS] [SEP] [MASK] are 0 … 4
train, test = (torch.from_numpy(np.load(f).astype(np.int64)) for f in (args.train, args.test))
vocabulary, length = int(max(train.max(), test.max())) + 1, train.shape[1]


def mask(ids, generator):
    """Exactly round(0.15 n), at least one, of a sequence's n ordinary tokens; 80 % [MASK], 10 % random, 10 % as they are."""
    order = torch.rand(ids.shape, generator=generator).masked_fill(ids < SPECIAL, 2).argsort(1).argsort(1)
    ordinary = (ids >= SPECIAL).sum(1, keepdim=True)
    chosen = order < (0.15 * ordinary).round().clamp(min=1)
    fate = torch.rand(ids.shape, generator=generator)
    random = torch.randint(SPECIAL, vocabulary, ids.shape, generator=generator)
    out = torch.where(chosen & (fate < 0.8), MASK, torch.where(chosen & (fate >= 0.9), random, ids))
    where = chosen.flatten().nonzero().flatten()
    return out, where, ids.flatten()[where]


class Layer(nn.Module):
    def __init__(self, h, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(h, 3 * h), nn.Linear(h, h)
        self.n1, self.n2 = nn.LayerNorm(h, 1e-12), nn.LayerNorm(h, 1e-12)
        self.f1, self.f2 = nn.Linear(h, 4 * h), nn.Linear(4 * h, h)

    def forward(self, x, inside):
        b, l, h = x.shape
        q, k, v = self.qkv(x).view(b, l, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=inside).transpose(1, 2).reshape(b, l, h)
        x = self.n1(x + self.out(a))
        return self.n2(x + self.f2(F.gelu(self.f1(x))))


class Bert(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.tok, self.pos, self.norm = nn.Embedding(vocabulary, h), nn.Embedding(length, h), nn.LayerNorm(h, 1e-12)
        self.layers = nn.ModuleList([Layer(h, args.heads) for _ in range(args.layers)])
        self.transform, self.tnorm = nn.Linear(h, h), nn.LayerNorm(h, 1e-12)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        for m in self.modules():
            if isinstance(m, (nn.Linear, nn.Embedding)):
                nn.init.trunc_normal_(m.weight, std=0.02, a=-0.04, b=0.04)
            if isinstance(m, nn.Linear):
                nn.init.zeros_(m.bias)

    def forward(self, ids, inside, where):
        x = self.norm(self.tok(ids) + self.pos.weight)
        for layer in self.layers:
            x = layer(x, inside)
        return self.tnorm(F.gelu(self.transform(x.flatten(0, 1)[where]))) @ self.tok.weight.T + self.bias


model = Bert(args.width)
decay = {m.weight for m in model.modules() if isinstance(m, (nn.Linear, nn.Embedding))}
rest = [p for p in model.parameters() if p not in decay]
optimizer = torch.optim.AdamW([{"params": list(decay), "weight_decay": 0.01}, {"params": rest, "weight_decay": 0}],
                              lr=args.rate, eps=1e-6, fused=True)


def factor(step):  # 1, 2, …
    if step < args.warmup:
        return step / args.warmup
    return 1 - (step - args.warmup) / max(1, args.steps - args.warmup)


def batch_loss(ids, generator, reduction="mean"):
    inside = (ids != PAD)[:, None, None, :]
    masked, where, targets = mask(ids, generator)
    logits = model(masked, inside, where)
    return F.cross_entropy(logits, targets, reduction=reduction), (logits.argmax(1) == targets).sum().item(), len(targets)


generator = torch.Generator().manual_seed(args.seed)
start, order = time.perf_counter(), torch.empty(0, dtype=torch.long)
for step in range(1, args.steps + 1):
    if len(order) < args.batch:
        order = torch.randperm(len(train), generator=generator)
    rows, order = order[: args.batch], order[args.batch :]
    for group in optimizer.param_groups:
        group["lr"] = args.rate * factor(step)
    optimizer.zero_grad(set_to_none=True)
    loss, _, _ = batch_loss(train[rows], generator)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
seconds = time.perf_counter() - start

model.eval()
generator.manual_seed(12345)
total, right, count = 0.0, 0, 0
with torch.no_grad():
    for ids in test[: args.test_samples].split(64):
        loss, correct, n = batch_loss(ids, generator, "sum")
        total, right, count = total + loss.item(), right + correct, count + n
print(json.dumps(dict(peer="pytorch " + torch.__version__, steps=args.steps, masked_loss=round(total / count, 4),
                      masked_accuracy=round(100 * right / count, 2), targets=count, seconds=round(seconds, 1),
                      tokens_per_s=round(args.steps * args.batch * length / seconds))))
