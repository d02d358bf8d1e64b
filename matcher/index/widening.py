"""Half precision to single, exactly: the step before every product, as BLAS multiplies no halves."""

import numpy as np
import numpy.typing as npt

Float16 = npt.NDArray[np.float16]
Float32 = npt.NDArray[np.float32]

_SHIFT = 13
"""Bits that the fraction of a float32 has more than that of a float16."""
_KEPT = np.int32(~0x7000_1FFF)
"""Of what a shift with the sign drawn along gives: the sign, and a half's exponent and fraction."""
_REBIAS = np.float32(2.0 ** (127 - 15))
"""Between the biases of both exponents; subnormal halves come out right as well."""


def widen(halves: Float16) -> Float32:
    """The same numbers as float32, in the same shape. They must be finite, as all parts of unit vectors are.

    In whole registers of integers: on processors without AVX-512, NumPy's `astype` and FAISS's decoder
    convert one number at a time and take six to twelve times as long.
    """
    bits = np.left_shift(np.ascontiguousarray(halves).view(np.int16), _SHIFT, dtype=np.int32)
    bits &= _KEPT
    wide = bits.view(np.float32)
    wide *= _REBIAS
    return wide
