"""What is left of a message in Redis once it has ended and SQL has it."""
