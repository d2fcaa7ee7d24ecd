"""Every Redis key, by subject; `shared.names.Keys` has them all."""
