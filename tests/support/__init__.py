"""What several kinds of tests share: waiting, one stand-in of each kind, the running system."""
