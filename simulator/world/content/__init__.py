"""What is in messages: the fields of each type, and the bytes of media."""
