"""Perceptual fingerprints: find the same picture again."""
