"""Speaking to session workers: notifications, commands, questions, and waiting for what they change."""
