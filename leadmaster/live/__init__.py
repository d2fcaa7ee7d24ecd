"""`leadmaster doctor --live`: a person with a phone goes through what only the real WhatsApp can show."""
