"""Broker exports: a table of formats, each identified by what is in the file."""
