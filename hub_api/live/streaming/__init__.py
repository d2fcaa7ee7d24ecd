"""The loop that serves open streams: what it passes on, to whom, and until when."""
