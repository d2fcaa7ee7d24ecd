"""The events stream into SQL, in order and once; what is too old is forgotten."""
