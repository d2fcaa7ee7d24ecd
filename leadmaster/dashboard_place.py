"""Where Flower listens and as whom one signs in; apart from Flower itself, which is heavy to import."""

ADDRESS = "127.0.0.1"  # whatever HUB_BIND says: its pages can stop workers
USER = "leadmaster"
