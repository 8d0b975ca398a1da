"""Adapters to the programs pictures come from: folders they save to, servers, pipelines."""
