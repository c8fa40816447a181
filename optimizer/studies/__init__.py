"""Studies: what stands on many solves, such as comparisons and sweeps."""
