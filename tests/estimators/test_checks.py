"""Scikit-learn's checks of an estimator, those it runs on itself included; none is left out."""

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

from ibtools import (
    BinnedMI,
    DependenceGraphMI,
    GaussianMI,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
    SamplePropagationMI,
)

ESTIMATORS = [
    BinnedMI(),
    BinnedMI(bin_width=0.1),
    BinnedMI(n_bins=5, correction="grassberger", base=10),
    BinnedMI(strategy="quantile", bounds="unit"),
    DependenceGraphMI(random_state=0),
    GaussianMI(),
    NearestNeighborsMI(),
    RenyiMatrixMI(),
    KernelDensityMI(random_state=0),
    SamplePropagationMI(random_state=0),
]

# What sklearn/tests/test_common.py adds to check_estimator.
OWN_CHECKS = [
    "check_dataframe_column_names_consistency",
    "check_get_feature_names_out_error",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_inplace_ensure_writeable",
    "check_param_validation",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]
WEIGHT_CHECKS = ["check_all_zero_sample_weights_error"]  # from scikit-learn 1.7


# Rows of many columns saturate a dependence graph, which says so.
@pytest.mark.filterwarnings("ignore:.*codes of their own:UserWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimator(estimator, check):
    check(estimator)


# The checks of set_output fit on frames and transform arrays, of which scikit-learn itself warns.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:.*codes of their own:UserWarning")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
@pytest.mark.parametrize("name", OWN_CHECKS)
def test_checks_of_scikit_learn_itself(estimator, name):
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)


@pytest.mark.parametrize(
    "estimator", [e for e in ESTIMATORS if has_fit_parameter(e, "sample_weight")], ids=str
)
@pytest.mark.parametrize("name", WEIGHT_CHECKS)
def test_checks_of_weights(estimator, name):
    check = getattr(estimator_checks, name, lambda *_: None)
    check(type(estimator).__name__, estimator)
