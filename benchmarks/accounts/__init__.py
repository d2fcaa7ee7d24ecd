"""Accounts: what a flood of logins leaves of the hub for everybody else."""
