"""The events stream as the recorder reads it."""
