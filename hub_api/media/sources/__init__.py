"""Where the bytes of media to send come from, each on its way into the store."""
