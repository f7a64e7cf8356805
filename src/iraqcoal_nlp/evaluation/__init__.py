"""How good the library is: sentence boundaries, labels, baselines and benchmarks."""
