"""Recordings: what a run of a notebook did, on disk and compared with another."""
