"""The append-only log: entries, Merkle tree, signed checkpoints, keys."""
