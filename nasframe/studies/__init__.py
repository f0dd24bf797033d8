"""Studies: many runs of one experiment, side by side. Comparisons, sweeps, and the census of a space."""
