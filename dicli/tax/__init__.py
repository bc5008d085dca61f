"""Lots, wash sales, netting and rates: exact, and as the sources say."""
