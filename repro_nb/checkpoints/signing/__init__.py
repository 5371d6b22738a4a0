"""Signatures over checkpoints: made and verified offline with a key, or by identity through Sigstore."""
