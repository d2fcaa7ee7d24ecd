"""Many messages in one call, and their progress."""
