"""The kernel side: what runs inside a kernel to see what its cells do."""
