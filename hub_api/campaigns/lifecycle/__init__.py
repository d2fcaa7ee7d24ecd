"""A campaign's life: made, edited, started, paused, cancelled, put back, looked at."""
