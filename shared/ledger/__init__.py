"""The ledger: every message in motion, in Redis."""
