"""What the machine gives one thread: the measure of every limit that is counted."""

import time

import numpy as np
from threadpoolctl import threadpool_limits


def measured_rates(n_rounds=7):
    """Bytes read, operations of matrix products and exponentials in a second, at the best."""
    rng = np.random.default_rng(0)
    values = rng.random(2**26, dtype=np.float32)  # 256 MiB, more than any cache
    square = rng.random((1024, 1024))
    single = square.astype(np.float32)
    tile, out = -values[: 2**16], np.empty(2**16, dtype=np.float32)
    operations = {
        "bytes": (values.nbytes, values.max),
        "operations_float64": (2 * 1024**3, lambda: square @ square),
        "operations_float32": (2 * 1024**3, lambda: single @ single),
        "exponentials": (64 * 2**16, lambda: [np.exp(tile, out=out) for _ in range(64)]),
    }
    with threadpool_limits(1):
        return {name: size / _best(call, n_rounds) for name, (size, call) in operations.items()}


def _best(call, n_rounds):
    """Seconds of the processor: the least, for nothing makes a machine faster than it is."""
    seconds = []
    for _ in range(n_rounds):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)
