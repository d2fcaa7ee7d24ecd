"""What is to be done to messages that are on WhatsApp already: asked for, begun, ended."""
