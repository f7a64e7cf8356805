"""Inference: from text to calibrated labels."""
