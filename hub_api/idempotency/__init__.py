"""Which message an idempotency key stands for, on record: a Redis that came up empty has forgotten it."""
