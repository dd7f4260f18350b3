"""BYOL, SimSiam, MoCo, MoCo v3, NNCLR, SwAV, DINO, LeJEPA and VISReg in PyTorch, written from the papers: a perceptron with batch normalisation,
its head, a predictor, a teacher, 20 steps of PyTorch's SGD. Writes golden.safetensors beside this script, for methods_test.cc.

    python3 reference.py     (PyTorch and safetensors; seconds)

Everything runs twice, in float64 (the golden values) and in float32: how far PyTorch's own float32 is from float64 is
kept too ("spread…"), and is what the test allows a few times over.
"""
import math, os, sys
import numpy as np
import torch, torch.nn.functional as F
from safetensors.numpy import save_file

tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [tests, os.path.join(os.path.dirname(tests), "losses", "testing")]
from golden import add_run, rms, values
from slices import random_slices

SAMPLES, FEATURES, STEPS, KEPT, QUEUE = 8, 12, 20, 96, 21
RATE, MOMENTUM, DECAY = 0.05, 0.9, 1e-3
SEED, SLICES = 3, 20


def views(step):
    """Two views of samples of the step's own: the sample, and noise of the view's."""
    base = values(500, (STEPS * SAMPLES, FEATURES))[step * SAMPLES:(step + 1) * SAMPLES]
    noise = values(1000 + step, (2 * SAMPLES, FEATURES))
    return torch.tensor(2 * np.concatenate([base, base]) + 0.5 * noise).float().double()


def perceptron(name, widths, output_norm=False):
    """Shapes by name, as core/layers/mlp.h has them."""
    shapes = {}
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        shapes[f"{name}.{i}.weight"] = (b, a)
        if i + 2 < len(widths):
            shapes[f"{name}.{i}.norm.weight"] = shapes[f"{name}.{i}.norm.bias"] = (b,)
        elif not output_norm:
            shapes[f"{name}.{i}.bias"] = (b,)
    return shapes


ENCODER = perceptron("encoder", [FEATURES, 10, 8])
HEAD, PREDICTOR = perceptron("head", [8, 10, 6]), perceptron("predictor", [6, 7, 6])
DINO = {"head.mlp.0.weight": (10, 8), "head.mlp.0.bias": (10,), "head.mlp.2.weight": (6, 10), "head.mlp.2.bias": (6,),
        "head.last_layer.weight_v": (9, 6)}


class Model:
    """Parameters and running statistics by name, of student and teacher."""

    def __init__(self, shapes, dtype, teacher, follow):
        self.parameters, self.statistics, self.teacher, self.follow = {}, {}, {} if teacher else None, follow
        for number, name in enumerate(sorted(shapes)):
            v = torch.tensor(values(number, shapes[name]))
            if len(shapes[name]) > 1:
                v = v * math.sqrt(24 / shapes[name][1])
            else:
                v = (1 if "norm.weight" in name else 0) + 0.4 * v
            if name == "loss.prototypes":
                v = F.normalize(v, dim=1)
            self.parameters[name] = v.float().to(dtype).requires_grad_()
        for name in shapes:
            if name.endswith("norm.weight"):
                for kind, start in (("running_mean", torch.zeros), ("running_var", torch.ones)):
                    self.statistics[name[:-6] + kind] = start(shapes[name])
        if teacher:
            of = lambda d: {n: t.detach().clone() for n, t in d.items() if n.startswith(("encoder.", "head."))}
            self.teacher, self.teacher_statistics = of(self.parameters), of(self.statistics)

    def norm(self, x, name, parameters, statistics, update):
        mean, var = x.mean(0), x.var(0, unbiased=False)
        if update:
            with torch.no_grad():
                unbiased = x.var(0, unbiased=True)
                for kind, new in (("running_mean", mean), ("running_var", unbiased)):
                    statistics[f"{name}.{kind}"].mul_(0.9).add_(0.1 * new)
        y = (x - mean) / torch.sqrt(var + 1e-5)
        weight, bias = parameters.get(name + ".weight"), parameters.get(name + ".bias")
        return y if weight is None else y * weight + bias

    def mlp(self, part, x, output_norm=False, parameters=None, statistics=None, update=True):
        parameters, statistics = parameters or self.parameters, statistics or self.statistics
        last = max(int(n.split(".")[1]) for n in parameters if n.startswith(part + "."))
        for i in range(last + 1):
            x = F.linear(x, parameters[f"{part}.{i}.weight"], parameters.get(f"{part}.{i}.bias"))
            if i < last:
                x = F.relu(self.norm(x, f"{part}.{i}.norm", parameters, statistics, update))
            elif output_norm:
                x = self.norm(x, f"{part}.{i}.norm", parameters, statistics, update)
        return x

    def dino(self, x, parameters):
        x = F.gelu(F.linear(x, parameters["head.mlp.0.weight"], parameters["head.mlp.0.bias"]))
        x = F.normalize(F.linear(x, parameters["head.mlp.2.weight"], parameters["head.mlp.2.bias"]), dim=1)
        return x @ F.normalize(parameters["head.last_layer.weight_v"], dim=1).T

    def advance(self, m):
        with torch.no_grad():
            pairs = [(self.teacher, self.parameters)] + ([(self.teacher_statistics, self.statistics)] if self.follow else [])
            for mine, theirs in pairs:
                for name, t in mine.items():
                    t.mul_(m).add_((1 - m) * theirs[name])


def size(x):
    """Root mean square; a bias before batch normalisation has a gradient of 0, and rounding is not to be measured by that."""
    return max(rms(x), 0.02)


def halves(x):
    return dict(enumerate(x.chunk(2)))


def ramp(begin, end, step, span, cosine):
    u = min(1, step / (span - 1))
    return begin + (end - begin) * ((1 - math.cos(math.pi * u)) / 2 if cosine else u)


def cosine_loss(p, t):
    return -(F.cosine_similarity(p[0], t[1]).mean() + F.cosine_similarity(p[1], t[0]).mean()) / 2


def sinkhorn(scores):
    q = torch.exp(scores / 0.05).T
    q = q / q.sum()
    for _ in range(3):
        q = q / q.sum(1, keepdim=True) / q.shape[0]
        q = q / q.sum(0, keepdim=True) / q.shape[1]
    return (q * q.shape[1]).T


class Method:
    head, head_output_norm, predictor, teacher = HEAD, False, False, None
    before, follow, frozen, decay = False, False, ("", 0), (DECAY, DECAY)
    parameters = {}

    def buffers(self, dtype):
        return {}

    def after(self, t, buffers):
        pass


class Byol(Method):
    predictor, teacher = True, (0.9, 1)
    loss = lambda self, p, t, model, buffers, step: cosine_loss(p, t)


class ByolBefore(Byol):
    """Where lightly (the teacher first) and stable-pretraining (its statistics follow) differ."""
    before, follow = True, True


class SimSiam(Byol):
    teacher, head_output_norm = None, True


class MocoV3(Byol):
    def loss(self, p, t, model, buffers, step):
        terms = [F.cross_entropy(F.normalize(p[v], dim=1) @ F.normalize(t[1 - v], dim=1).T / 0.2, torch.arange(SAMPLES))
                 for v in (0, 1)]
        return 2 * 0.2 * sum(terms) / 2


class WithQueue(Method):
    def buffers(self, dtype):
        queue = F.normalize(torch.tensor(values(77, (QUEUE, 6))), dim=1).float().to(dtype)
        return {"loss.queue": queue, "place": [0]}

    def enter(self, rows, buffers):
        for row in F.normalize(rows, dim=1):
            buffers["loss.queue"][buffers["place"][0]] = row
            buffers["place"][0] = (buffers["place"][0] + 1) % QUEUE


class Moco(WithQueue):
    teacher = (0.95, 0.95)

    def loss(self, p, t, model, buffers, step):
        terms = []
        for v in (0, 1):
            q, k = F.normalize(p[v], dim=1), F.normalize(t[1 - v], dim=1)
            logits = torch.cat([(q * k).sum(1, keepdim=True), q @ buffers["loss.queue"].T], dim=1) / 0.2
            terms.append(F.cross_entropy(logits, torch.zeros(SAMPLES, dtype=torch.long)))
        return sum(terms) / 2

    def after(self, t, buffers):
        for u in (0, 1):
            self.enter(t[u], buffers)


class Nnclr(WithQueue):
    predictor = True

    def loss(self, p, t, model, buffers, step):
        terms, queue = [], buffers["loss.queue"]
        for v in (0, 1):
            nearest = queue[(F.normalize(t[1 - v], dim=1) @ queue.T).argmax(dim=1)]
            terms.append(F.cross_entropy(nearest @ F.normalize(p[v], dim=1).T / 0.1, torch.arange(SAMPLES)))
        return sum(terms) / 2

    def after(self, t, buffers):
        self.enter(t[0], buffers)


class Swav(Method):
    parameters, frozen = {"loss.prototypes": (11, 6)}, ("loss.prototypes", 3)

    def loss(self, p, t, model, buffers, step):
        c = model.parameters["loss.prototypes"]
        scores = [F.normalize(p[v], dim=1) @ c.T for v in (0, 1)]
        codes = [sinkhorn(s.detach()) for s in scores]
        return sum(-(codes[1 - v] * F.log_softmax(scores[v] / 0.1, dim=1)).sum(1).mean() for v in (0, 1)) / 2

    def after(self, t, buffers):
        c = self.model.parameters["loss.prototypes"]
        c.copy_(F.normalize(c, dim=1))


class Dino(Method):
    head, teacher, frozen, decay = DINO, (0.9, 1), ("head.last_layer", 2), (1e-3, 1e-2)

    def buffers(self, dtype):
        return {"loss.center": torch.zeros(9, dtype=dtype)}

    def loss(self, p, t, model, buffers, step):
        temperature = ramp(0.04, 0.07, step, 10, False)
        return sum(-(F.softmax((t[1 - v] - buffers["loss.center"]) / temperature, dim=1)
                     * F.log_softmax(p[v] / 0.1, dim=1)).sum(1).mean() for v in (0, 1)) / 2

    def after(self, t, buffers):
        buffers["loss.center"].mul_(0.9).add_(0.1 * torch.cat([t[0], t[1]]).mean(0))


class OnSlices(Method):
    """Losses of the views alone, with directions of each step's own."""

    def loss(self, p, t, model, buffers, step):
        z = torch.stack([p[0], p[1]])
        slices = random_slices(SEED, step + 1, SLICES, z.shape[-1]).to(z.dtype)
        invariance = (z.mean(0) - z).square().mean()
        return (1 - self.weight) * invariance + self.weight * self.normality(z, slices)


class LeJepa(OnSlices):
    weight = 0.05

    def normality(self, z, slices):
        knots = torch.linspace(0, 3, 17)
        weights = torch.full((17,), 2 * 3 / 16)
        weights[[0, -1]] = 3 / 16
        phi = torch.exp(-knots.square() / 2)
        angles = (z @ slices.T).unsqueeze(-1) * knots
        error = (angles.cos().mean(1) - phi).square() + angles.sin().mean(1).square()
        return SAMPLES * (error @ (weights * phi)).mean()


class VisReg(OnSlices):
    weight = 0.6

    def normality(self, z, slices):
        deviation = z.std(dim=1, unbiased=False)
        normed = (z - z.mean(1, keepdim=True)) / (deviation.detach().unsqueeze(1) + 1e-4)
        quantiles = torch.distributions.Normal(0.0, 1.0).icdf(torch.arange(1, SAMPLES + 1) / (SAMPLES + 1))
        shape = ((normed @ slices.T).sort(dim=1).values - quantiles.unsqueeze(-1)).square().mean()
        return (1 - deviation).square().mean() + shape + z.mean(1).square().mean()


def run(method, dtype):
    torch.set_default_dtype(dtype)
    head = perceptron("head", [8, 10, 6], output_norm=True) if method.head_output_norm else method.head
    shapes = {**ENCODER, **head, **(PREDICTOR if method.predictor else {}), **method.parameters}
    model = method.model = Model(shapes, dtype, method.teacher, method.follow)
    if method.head_output_norm:
        model.statistics.update({"head.1.norm.running_mean": torch.zeros(6), "head.1.norm.running_var": torch.ones(6)})
    buffers, momenta, losses, out = method.buffers(dtype), {}, [], {}

    def through(x, parameters, statistics, update):
        h = model.mlp("encoder", x, parameters=parameters, statistics=statistics, update=update)
        if method.head is DINO:
            return model.dino(h, parameters)
        return model.mlp("head", h, method.head_output_norm, parameters, statistics, update)

    for step in range(STEPS):
        x = views(step).to(dtype)
        momentum = ramp(*method.teacher, step, STEPS, True) if method.teacher else 0
        if method.teacher and method.before:
            model.advance(momentum)
        if method.teacher:
            with torch.no_grad():
                target = through(x, model.teacher, model.teacher_statistics, not method.follow)
        z = through(x, model.parameters, model.statistics, True)
        p = model.mlp("predictor", z) if method.predictor else z
        t = halves(target if method.teacher else z.detach())
        loss = method.loss(halves(p), t, model, buffers, step)
        gradients = torch.autograd.grad(loss, list(model.parameters.values()))
        losses.append(loss.item())
        decay = ramp(*method.decay, step, STEPS, False)
        with torch.no_grad():
            for (name, w), g in zip(model.parameters.items(), gradients):
                if step == 0:
                    out["gradient." + name] = g.double().numpy().copy()
                if method.frozen[1] > step and name.startswith(method.frozen[0]):
                    continue
                g = g + (decay if w.dim() > 1 else 0) * w
                momenta[name] = MOMENTUM * momenta[name] + g if name in momenta else g.clone()
                w -= RATE * momenta[name]
            if method.teacher and not method.before:
                model.advance(momentum)
            method.after(t, buffers)
    out["losses"] = np.array(losses)
    state = {**model.parameters, **model.statistics, **{n: b for n, b in buffers.items() if n != "place"}}
    if method.teacher:
        state.update({"teacher." + n: v for n, v in {**model.teacher, **model.teacher_statistics}.items()})
    out.update({"final." + n: v.detach().double().numpy().copy() for n, v in state.items()})
    return out


golden = {}
for name, method in [("byol", Byol), ("byol_before", ByolBefore), ("simsiam", SimSiam), ("moco", Moco), ("moco_v3", MocoV3),
                     ("nnclr", Nnclr), ("swav", Swav), ("dino", Dino), ("lejepa", LeJepa), ("vis_reg", VisReg)]:
    add_run(golden, name, run(method(), torch.float64), run(method(), torch.float32), KEPT, size)
save_file(golden, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.safetensors"))
