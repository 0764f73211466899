"""From what people type to shapes."""
