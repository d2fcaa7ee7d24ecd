"""What comes in: what contacts and the owner write on the phone, and what they do to it later."""
