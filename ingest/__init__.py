"""Evidence becomes rows: from a file's bytes to one committed load."""
