"""What the README's figures come from: `python -m benchmarks [names…]`. No test asserts a time."""
