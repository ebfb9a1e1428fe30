"""Whole experiments: train, record, and leave the results in files."""
