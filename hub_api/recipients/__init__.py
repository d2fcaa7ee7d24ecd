"""Whom WhatsApp means: under which addresses it keeps the phones that tenants write to."""
