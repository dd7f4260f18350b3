"""Writes testdata/: small arrays of several types, for arrays_test.cc and the conformance test.

    python3 arrays_testdata.py      (NumPy and safetensors)
"""
import numpy as np
from safetensors.numpy import save_file

n = np.arange(12)
table = np.stack([n, n * n / 4, -1.5 * n + 3, np.full(12, 7)], axis=1)  # [12, 4], the last is constant
labels = n % 3
np.save("testdata/table_float64.npy", table)
np.save("testdata/table_float16.npy", table.astype("<f2"))
np.save("testdata/labels.npy", labels)
images = (np.arange(5 * 3 * 2 * 4) * 7 % 256).astype("u1").reshape(5, 3, 2, 4)
np.save("testdata/images.npy", images)
save_file({"features": table.astype("<f4"), "labels": labels.astype("<i4"), "names": np.zeros(3, "<f4"),
           "images": images.astype("<f4") / 255}, "testdata/all.safetensors")
