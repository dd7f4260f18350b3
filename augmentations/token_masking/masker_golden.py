"""Writes testdata/masked.txt: what the rule in masker.h makes of some sequences, by a second implementation of it.

The random numbers are Philox 4x32-10 (Salmon et al. 2011), keyed as base/random/random.h says. Run in this folder.
One case a line: unit count rate mask_probability random_probability span_stop max_span_words, then | and the tokens, | and
the tokens after masking, | and position:id of the targets. The sample number of the stream is the line's, from 0; the
vocabulary has 60 ids: 0 … 4 are [PAD] [UNK] [CLS] [SEP] [MASK], 5 and 6 are special too, from 40 on pieces continue a word.
"""
import random as python_random
import struct

M32, M64 = 2**32 - 1, 2**64 - 1


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & M64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M64
    return x ^ (x >> 31)


class Stream:
    def __init__(self, seed, purpose, sample):
        k = mix(mix(seed) ^ purpose)
        self.key, self.sample, self.words, self.block = (k & M32, k >> 32), sample, [], 0

    def word(self):
        if not self.words:
            self.words = philox((self.block, 0, self.sample & M32, self.sample >> 32), self.key)
            self.block += 1
        return self.words.pop(0)

    def uniform(self):
        return (self.word() >> 8) / 2**24

    def below(self, bound):
        while True:
            product = self.word() * bound
            if product & M32 >= bound or product & M32 >= 2**32 % bound:
                return product >> 32


VOCABULARY = 60
SPECIAL = set(range(7))
ORDINARY = [i for i in range(VOCABULARY) if i not in SPECIAL]
UNKNOWN, MASK = 1, 4


def mask(tokens, unit, count, rate, p_mask, p_random, stop, most, stream):
    tokens = list(tokens)
    eligible = [i for i, t in enumerate(tokens) if t not in SPECIAL] or [i for i, t in enumerate(tokens) if t == UNKNOWN]
    if not eligible:
        return tokens, []
    words = []
    for i in eligible:
        if words and words[-1][-1] == i - 1 and tokens[i] >= 40:
            words[-1].append(i)
        else:
            words.append([i])

    def draw(order, i):  # a step of Fisher-Yates
        j = i + stream.below(len(order) - i)
        order[i], order[j] = order[j], order[i]
        return order[i]

    n, hit = len(eligible), f32(rate)
    budget = None
    if count == "exact":
        budget = min(n, max(1, round(rate * n)))
    elif unit == "span":
        budget = min(n, max(1, sum(stream.uniform() < hit for _ in range(n))))

    groups = []  # replaced alike
    if unit == "span":
        weights = [(1 - stop) ** l for l in range(1, most + 1)]
        cdf = [f32(sum(weights[:l]) / sum(weights)) for l in range(1, most + 1)]
        chosen, left = set(), list(range(len(words)))
        while len(chosen) < budget:
            u = stream.uniform()
            size = next((l for l, c in enumerate(cdf[:-1], 1) if u < c), most)
            while True:
                at = stream.below(len(left))
                w, left[at] = left[at], left[-1]
                left.pop()
                if words[w][0] not in chosen:
                    break
            group, last = [], None
            for i in (i for word in words[w:w + size] for i in word):
                if len(chosen) == budget or (last is not None and i != last + 1):
                    break
                last = i
                if i not in chosen:
                    chosen.add(i)
                    group.append(i)
            groups.append(group)
    else:
        units = [[i] for i in eligible] if unit == "token" else words
        if count == "exact":
            order, taken, used = list(range(len(units))), [], 0
            for i in range(len(units)):
                if used == budget:
                    break
                u = draw(order, i)
                if used + len(units[u]) <= budget:
                    taken.append(u)
                    used += len(units[u])
            taken = taken or [order[0]]
        else:
            taken = [u for u in range(len(units)) if stream.uniform() < hit] or [stream.below(len(units))]
        groups = [[i] for i in sorted(i for u in taken for i in units[u])]

    def replacement(token, which):
        if which < f32(p_mask):
            return MASK
        return ORDINARY[stream.below(len(ORDINARY))] if which < f32(p_mask + p_random) else token

    which = {}
    if unit == "span":
        draws = [stream.uniform() for _ in groups]
        which = {i: d for group, d in zip(groups, draws) for i in group}
    targets = []
    for i in sorted(i for group in groups for i in group):
        targets.append((i, tokens[i]))
        tokens[i] = replacement(tokens[i], which[i] if unit == "span" else stream.uniform())
    return tokens, targets


rng = python_random.Random(2)
with open("testdata/masked.txt", "w") as out:
    for line in range(360):
        unit = ["token", "word", "span"][line % 3]
        count = ["exact", "bernoulli"][line // 3 % 2]
        rate = rng.choice([0.15, 0.15, 0.15, 0.3, 0.02, 1.0])
        p_mask, p_random = rng.choice([(0.8, 0.1), (0.8, 0.1), (0.0, 1.0), (0.4, 0.5), (1.0, 0.0)])
        stop, most = rng.choice([(0.2, 10), (0.5, 3), (0.0, 4), (0.2, 1)])
        length = rng.choice([1, 2, 3, 10, 20, 62])
        body = [rng.choice([rng.randrange(7, 60), rng.randrange(7, 60), rng.randrange(40, 60), rng.randrange(0, 60)]) for _ in range(length)]
        if line % 40 == 7:
            body = [rng.choice([0, 1, 3]) for _ in body]
        tokens = [2] + body + [3]
        masked, targets = mask(tokens, unit, count, rate, p_mask, p_random, stop, most, Stream(11, 0, line))
        out.write(f"{unit} {count} {rate} {p_mask} {p_random} {stop} {most} | {' '.join(map(str, tokens))} | "
                  f"{' '.join(map(str, masked))} | {' '.join(f'{i}:{t}' for i, t in targets)}\n")
