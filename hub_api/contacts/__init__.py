"""Numbers: who is on WhatsApp, and how they show themselves there."""
