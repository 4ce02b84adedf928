"""What decides a file: hashes of code, keys, what is stale."""
