"""The emulated WhatsApp without the wire: phones, devices, messages, what goes wrong, and what is kept of it all."""
