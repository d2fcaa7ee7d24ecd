"""Groups: who is in them, and what of them pages are told."""
