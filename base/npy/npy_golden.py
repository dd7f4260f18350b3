"""Writes npy_golden_*.npy with NumPy. Run in this folder."""
import numpy

numpy.save("npy_golden_int32.npy", numpy.array([[1, -2, 3], [40000, 5, 6]], numpy.int32))
numpy.save("npy_golden_float32.npy", numpy.array([0.5, -1.25, 1e30, 0.0], numpy.float32))
