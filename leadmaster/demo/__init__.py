"""`leadmaster demo`: the whole product against a stand-in WhatsApp, played by a scenario of a few steps."""
