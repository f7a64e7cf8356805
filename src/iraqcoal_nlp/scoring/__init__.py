"""Scoring: files of articles in, a file of rows out."""
