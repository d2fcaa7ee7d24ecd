"""How a phone is paired: the code that a session shows, and its picture."""
