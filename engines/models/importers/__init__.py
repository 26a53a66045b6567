"""Checkpoints of other projects, read without running anything in them, and fitted to our own networks."""
