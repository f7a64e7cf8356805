"""Data: articles in, results out, annotations, splits."""
