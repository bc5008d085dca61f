"""Index holdings and prices."""
