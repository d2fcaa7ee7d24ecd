"""What many messages cost, whether they wait or have ended."""
