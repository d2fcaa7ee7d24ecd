"""What hub and workers must agree on. Imports nothing of ours."""
