"""The parts of the script that writes the sample portfolios; run `python sample_portfolios/make_samples.py`."""
