"""What a session's owner does with messages: claiming one, persisting its key, completing an attempt."""
