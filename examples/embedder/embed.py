"""Vectors of pictures, values or texts as a NumPy array, by libpretext.so and ctypes alone.

    python3 embed.py libpretext.so RUN cat.png dog.jpg

prints the shape, then each input's cosine with the first one.
"""

import ctypes
import sys

import numpy

VALUES, PICTURES, TEXTS = 0, 1, 2


class Facts(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32)] + [
        (name, ctypes.c_int64)
        for name in ("width", "sample_size", "channels", "height", "width_in_pixels")
    ]


class Encoder:

    def __init__(self, library, path):
        self._library = ctypes.CDLL(library)
        self._library.pretext_error.restype = ctypes.c_char_p
        self._encoder = ctypes.c_void_p()
        self._check(self._library.pretext_open(path.encode(), ctypes.byref(self._encoder)))
        self.facts = Facts()
        self._check(self._library.pretext_describe(self._encoder, ctypes.byref(self.facts)))

    def _check(self, result):
        if result != 0:
            raise RuntimeError(self._library.pretext_error().decode())

    def _embed(self, what, inputs, count):
        vectors = numpy.empty((count, self.facts.width), numpy.float32)
        self._check(self._library.pretext_embed(self._encoder, what, inputs, ctypes.c_int64(count),
                                                vectors.ctypes.data_as(ctypes.c_void_p)))
        return vectors

    def strings(self, inputs):
        """Of the paths of pictures, or of texts, as the encoder takes them."""
        encoded = (ctypes.c_char_p * len(inputs))(*[text.encode() for text in inputs])
        return self._embed(self.facts.kind, encoded, len(inputs))

    def values(self, samples):
        """Of an array [N, ...]: pictures [N, C, H, W] with values in [0, 1]."""
        samples = numpy.ascontiguousarray(samples, numpy.float32)
        if samples[0].size != self.facts.sample_size:
            raise ValueError(f"a sample has {self.facts.sample_size} values")
        return self._embed(VALUES, samples.ctypes.data_as(ctypes.c_void_p), len(samples))

    def close(self):
        self._library.pretext_close(self._encoder)


if __name__ == "__main__":
    encoder = Encoder(sys.argv[1], sys.argv[2])
    vectors = encoder.strings(sys.argv[3:])
    print(vectors.shape)
    unit = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    for text, cosine in zip(sys.argv[3:], unit @ unit[0]):
        print(f"{cosine:6.3f}  {text}")
    encoder.close()
