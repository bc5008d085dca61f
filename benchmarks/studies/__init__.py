"""Published set-ups as runnable specifications: python -m benchmarks.studies.run --help"""
