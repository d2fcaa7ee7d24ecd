"""What the README's figures come from: `python -m benchmarks [name…]`. No test asserts a time.

`messages/`, `sessions/`, `campaigns/` and `peers/` each hold some benchmarks, named as on the command line, and what
runs beside them; `harness/` is what they share. What exactly begins and ends each figure stands in its docstring.
"""
