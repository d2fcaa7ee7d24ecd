"""Which build of WhatsApp Web and which wa-js a browser run gets: a pinned page, and the bundle in use. No browser."""
