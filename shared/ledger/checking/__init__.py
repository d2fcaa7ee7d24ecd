"""Looking for messages that stand wrong, a bounded number at once."""
