"""Who changed what, when, from where."""
