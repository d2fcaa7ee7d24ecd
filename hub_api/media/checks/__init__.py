"""What a file is by its bytes, told while they pass by, and which messages take it."""
