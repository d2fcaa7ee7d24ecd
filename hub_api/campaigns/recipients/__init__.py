"""Lists of recipients: reading, checking, keeping and showing them."""
