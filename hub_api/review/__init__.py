"""What persons decide: uncertain and held messages; and the report of all messages."""
