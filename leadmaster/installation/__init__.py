"""What one installation has on its machine: data directory, secrets, ports, addresses, embedded server."""
