"""Writes safetensors_golden.safetensors with HuggingFace's library, and reads back what the C++ test wrote, if named.

Run in core/ inside a Python that has numpy and safetensors: python3 safetensors_golden.py [FILE]
"""
import sys
import numpy as np
from safetensors.numpy import load_file, save_file

if len(sys.argv) > 1:
    for name, tensor in sorted(load_file(sys.argv[1]).items()):
        print(name, tensor.dtype, tensor.shape, tensor.ravel()[:4].tolist())
else:
    save_file(
        {"encoder.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
         "ids": np.array([-1, 7, 1 << 30], dtype=np.int32),
         "scalar": np.array(2.5, dtype=np.float32)},
        "safetensors_golden.safetensors", metadata={"step": "12"})
