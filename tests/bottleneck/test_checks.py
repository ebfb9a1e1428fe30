"""Scikit-learn's checks of an estimator, those it runs on itself included; none is left out."""

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from ibtools import InformationBottleneck

ESTIMATORS = [
    InformationBottleneck(),
    InformationBottleneck(
        betas=[1.5, 20.0], beta=4.0, alpha=0.0, n_init=2, base=10, random_state=0
    ),
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
# What it runs on estimators with labels, whatever their type, or from scikit-learn 1.7 on.
MORE_CHECKS = [
    "check_all_zero_sample_weights_error",
    "check_non_transformer_estimators_n_iter",
    "check_requires_y_none",
    "check_supervised_y_2d",
    "check_supervised_y_no_nan",
]


# Some checks set n_clusters to 1 or 2, and the path says that more would do better.
@pytest.mark.filterwarnings("ignore:All [12] clusters are in use")
@parametrize_with_checks(ESTIMATORS)
def test_estimator(estimator, check):
    check(estimator)


# The checks of set_output fit on frames and transform arrays, of which scikit-learn itself warns.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
@pytest.mark.parametrize("name", OWN_CHECKS)
def test_checks_of_scikit_learn_itself(estimator, name):
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
@pytest.mark.parametrize("name", MORE_CHECKS)
def test_checks_of_labels_and_weights(estimator, name):
    check = getattr(estimator_checks, name, lambda *_: None)
    check(type(estimator).__name__, estimator)
