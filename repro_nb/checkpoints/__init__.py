"""Checkpoints: digests, tensors read without running code, a registry that loses nothing, and what changed."""
