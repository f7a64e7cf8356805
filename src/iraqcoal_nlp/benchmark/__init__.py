"""Benchmarks: tasks as declarations, models by name, one record per model, task and seed, a leaderboard of them all."""
