"""The directions that losses draw at random (losses/slices), as golden scripts need them: base/random's streams."""
import math

import torch

M = 2**64 - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & M
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & M
    x = (x ^ x >> 27) * 0x94D049BB133111EB & M
    return x ^ x >> 31


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def random_slices(seed, step, slices, features):
    """[slices, features], rows of length 1."""
    purpose = 7
    k = mix(mix(seed) ^ purpose)
    rows = []
    for m in range(slices):
        words = []
        for index in range((features + 3) // 4 + 1):
            words += philox([index, m, step & 0xFFFFFFFF, step >> 32], [k & 0xFFFFFFFF, k >> 32])
        row = []
        for i in range(0, features, 2):
            radius = math.sqrt(-2 * math.log(((words[i] >> 8) + 0.5) * 2**-24))
            angle = 2 * math.pi * (words[i + 1] >> 8) * 2**-24
            row += [radius * math.cos(angle), radius * math.sin(angle)]
        rows.append(row[:features])
    return torch.nn.functional.normalize(torch.tensor(rows, dtype=torch.float64), dim=1)
