"""What hub and workers must agree on. Imports nothing of ours (CONTRACT section 7)."""
