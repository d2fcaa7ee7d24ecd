"""The session host, one per machine: a forking parent and a reconciler beside it."""
