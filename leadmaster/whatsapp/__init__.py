"""`leadmaster whatsapp …`: which builds of WhatsApp Web and which wa-js are here, and trying and switching bundles."""
