"""Backends: the same network in ONNX Runtime or torch."""
