"""What is done to messages that are on WhatsApp already: reactions, edits, deletions for everyone."""
