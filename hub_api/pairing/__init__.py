"""How a phone is paired: the code that a session shows, its picture, and who may pair."""
