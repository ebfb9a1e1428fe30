"""The idx format, in which MNIST and its relatives are published."""

import math

import numpy as np
from numpy.typing import NDArray

_UINT8_CODE = 0x08


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """Array held by an idx file of unsigned bytes.

    The header is two zero bytes, a type code (8 for unsigned bytes), the number of dimensions, and
    each dimension as a big-endian 32-bit integer; the values follow in row-major order.

    Parameters
    ----------
    content : bytes
        The whole file, not compressed.

    Returns
    -------
    values : ndarray of dtype uint8
        Read-only view of `content`, in the shape that the header states.

    Raises
    ------
    ValueError
        If the header is not that of an idx file of unsigned bytes, or if the number of values
        differs from the one it states.

    References
    ----------
    Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits".

    Examples
    --------
    >>> from ibtools.datasets._idx import read_idx
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    array([7, 2, 1], dtype=uint8)
    """
    shape = _shape(content)
    header_size = 4 + 4 * len(shape)
    n_found = len(content) - header_size
    if n_found != math.prod(shape):
        raise ValueError(
            f"idx header states shape {shape}, {math.prod(shape)} values, "
            f"but {n_found} values follow"
        )
    return np.frombuffer(content, np.uint8, offset=header_size).reshape(shape)


def _shape(content: bytes) -> tuple[int, ...]:
    """Shape that the header states; ValueError if it is no header of unsigned bytes."""
    magic = content[:4]
    if len(magic) < 4 or magic[:3] != bytes([0, 0, _UINT8_CODE]) or magic[3] == 0:
        raise ValueError(f"not an idx file of unsigned bytes: it starts with {magic.hex(' ')!r}")
    sizes = content[4 : 4 + 4 * magic[3]]
    if len(sizes) < 4 * magic[3]:
        raise ValueError(f"idx header ends early: {magic[3]} dimensions, {len(sizes)} bytes")
    return tuple(np.frombuffer(sizes, ">u4").tolist())
