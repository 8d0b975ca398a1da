"""Adapters to the network: timestamp authorities."""
