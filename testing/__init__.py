"""What tests, benchmarks and load runs share, and the stand-in behind `fake://`; the product imports nothing else."""
