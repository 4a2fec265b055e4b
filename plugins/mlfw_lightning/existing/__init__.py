"""Existing LightningModules and LightningDataModules."""
