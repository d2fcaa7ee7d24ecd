"""Sessions: their states, leases and snapshots."""
