"""Drift: WhatsApp Web changes under us; what a session makes of it, and which session meets a new build first."""
