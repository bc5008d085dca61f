"""Rows and figures; no printing."""
