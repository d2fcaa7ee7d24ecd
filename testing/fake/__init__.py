"""A WhatsApp without a browser: the engine port on records in memory or in a file."""
