"""What callers and persons decide about messages that wait or are uncertain."""
