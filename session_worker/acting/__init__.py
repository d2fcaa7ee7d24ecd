"""Acting: what is to be done to messages that are on WhatsApp already, one after the other, each with its outcome."""
