"""Training: recipes in, model folders out (needs the ``train`` extra)."""
