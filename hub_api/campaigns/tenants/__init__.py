"""What holds for all campaigns of a tenant: its settings, the run-time switch, the guard's hold."""
