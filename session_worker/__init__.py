"""One process per tenant that owns one WhatsApp Web browser session, and the host that forks them."""
