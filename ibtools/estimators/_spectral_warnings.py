"""What a fit of Gram matrices says when its numbers tell of the kernel or of the quadrature."""

from ibtools.estimators._warnings import warn_user
from ibtools.information._spectral_entropy import LANCZOS_ORDER

_SATURATED = 1e-3


def warn_of_saturation(mean_similarity: float) -> None:
    """Warn where the kernel is so narrow that every row is alone."""
    if mean_similarity < _SATURATED:
        warn_user(
            "The rows of T are nearly unlike each other (mean similarity "
            f"{mean_similarity:.1e}): S(T) is close to log n whatever T is. Take a "
            "larger bandwidth, the rule 'scaled' or 'alignment', or a single map (n_maps=1)."
        )


def warn_of_quadrature(error: float, alpha: float, tol: float) -> None:
    """Warn of a standard error of the quadrature that is large, or that does not hold."""
    if error > 0 and alpha < LANCZOS_ORDER:
        warn_user(
            f"method='lanczos' at alpha={alpha:g}, below {LANCZOS_ORDER}: small "
            "eigenvalues dominate, which the quadrature does not resolve. Its entropies are "
            "biased and their standard errors understated. Take method='exact'."
        )
    if error > tol:
        warn_user(
            f"The standard error of an entropy by Lanczos quadrature is {error:.2g}, above "
            f"tol={tol:g}. Take more probes (n_probes), a larger tol or method='exact'."
        )
