"""From a household and a benchmark to trades."""
