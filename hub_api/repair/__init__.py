"""What mends a fault, one file per fault."""
