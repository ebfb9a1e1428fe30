"""Information as pure functions of arrays."""

from ibtools.information._bin_codes import bin_codes
from ibtools.information._binning import (
    EdgedBins,
    UniformBins,
    counted_bins,
    quantile_bins,
    spaced_bins,
)
from ibtools.information._clustering import (
    binned_entropy,
    class_effective_rank,
    class_separation,
    count_distinct_rows,
    effective_rank,
    empty_bin_fractions,
    unit_histograms,
)
from ibtools.information._counts import (
    conditional_entropy_from_groups,
    entropy_from_counts,
    mutual_information_from_counts,
)
from ibtools.information._decomposition import MapDecomposition, decompose_feature_maps
from ibtools.information._discrete import (
    conditional_entropy,
    entropy,
    jensen_shannon_divergence,
    joint_entropy,
    kl_divergence,
    mutual_information,
)
from ibtools.information._gaussian import gaussian_entropy, gaussian_mutual_information
from ibtools.information._hashing import ensemble_weights
from ibtools.information._local_gaussian import local_gaussian_entropy
from ibtools.information._neighbors import (
    kozachenko_leonenko_entropy,
    ksg_mutual_information,
    mixed_mutual_information,
    ross_mutual_information,
)
from ibtools.information._spectral import (
    renyi_entropy,
    renyi_joint_entropy,
    renyi_mutual_information,
)
from ibtools.information._spectral_pairs import renyi_pairwise_entropies
from ibtools.information._symbols import joint_counts, row_symbols
from ibtools.information._units import unit_name

__all__ = [
    "EdgedBins",
    "MapDecomposition",
    "UniformBins",
    "bin_codes",
    "binned_entropy",
    "class_effective_rank",
    "class_separation",
    "conditional_entropy",
    "conditional_entropy_from_groups",
    "count_distinct_rows",
    "counted_bins",
    "decompose_feature_maps",
    "effective_rank",
    "empty_bin_fractions",
    "ensemble_weights",
    "entropy",
    "entropy_from_counts",
    "gaussian_entropy",
    "gaussian_mutual_information",
    "jensen_shannon_divergence",
    "joint_counts",
    "joint_entropy",
    "kl_divergence",
    "kozachenko_leonenko_entropy",
    "ksg_mutual_information",
    "local_gaussian_entropy",
    "mixed_mutual_information",
    "mutual_information",
    "mutual_information_from_counts",
    "quantile_bins",
    "renyi_entropy",
    "renyi_joint_entropy",
    "renyi_mutual_information",
    "renyi_pairwise_entropies",
    "ross_mutual_information",
    "row_symbols",
    "spaced_bins",
    "unit_histograms",
    "unit_name",
]
