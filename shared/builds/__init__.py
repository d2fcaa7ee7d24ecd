"""WhatsApp Web's builds: what each session found of the one it loaded, and what that says of the build."""
