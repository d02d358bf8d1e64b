"""Commands that print every quality and speed figure that the documents claim."""
