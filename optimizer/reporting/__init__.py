"""Showing what was found: words and tables from records, never from the model."""
