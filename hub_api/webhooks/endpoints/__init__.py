"""The addresses that a tenant names, their secrets, and what they want to be told."""
