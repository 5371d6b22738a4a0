"""Which shards a checkpoint in several files should have: one file for each way to write them down."""
