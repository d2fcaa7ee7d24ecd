"""A session's life: its first code, its end and return, what it costs in memory and CPU."""
