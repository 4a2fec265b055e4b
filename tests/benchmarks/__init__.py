"""Measurements, run by hand: `make benchmark`. Ratios within one run; nothing is asserted."""
