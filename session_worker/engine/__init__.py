"""The engine: what a session needs of WhatsApp, as a port with adapters (Playwright + wa-js; a fake)."""
