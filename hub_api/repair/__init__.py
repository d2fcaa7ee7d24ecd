"""What mends a fault, one file per fault; each begins with fault → mend. `sweep` looks for three of them together."""
