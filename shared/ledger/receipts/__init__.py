"""What WhatsApp tells of messages: acknowledgements, and messages received."""
