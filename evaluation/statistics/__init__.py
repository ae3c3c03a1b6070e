"""Is one model better than another, and how sure may we be? Each formula is one function, with its source.

`paired`: differences on the same items, clustered. `size`: what clusters cost, and how many items are needed.
`sequential`: intervals that hold at every look. `online`: a budget of errors over many tests. `powered`: few labels of
people's and many of a judge's. `pooled`: slices too small to judge alone.
"""

from evaluation.statistics.paired import (
    ALPHA,
    POWER,
    RESAMPLES,
    bootstrap_interval,
    by_cluster,
    cluster_se,
    compare,
    degrees,
    detectable_effect,
    deviation,
    effective_clusters,
    expanded_level,
    jackknife_se,
    mean,
    needed_items,
    non_inferiority_bound,
    paired_differences,
    standard_error,
    t_quantile,
    t_test,
)

__all__ = [
    "ALPHA",
    "POWER",
    "RESAMPLES",
    "bootstrap_interval",
    "by_cluster",
    "cluster_se",
    "compare",
    "degrees",
    "detectable_effect",
    "deviation",
    "effective_clusters",
    "expanded_level",
    "jackknife_se",
    "mean",
    "needed_items",
    "non_inferiority_bound",
    "paired_differences",
    "standard_error",
    "t_quantile",
    "t_test",
]
