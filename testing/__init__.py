"""What tests, benchmarks and load runs share; no part of what is installed."""
