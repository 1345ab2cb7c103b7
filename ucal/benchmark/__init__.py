"""Benchmarks: the papers' tables and our own, from one command, with our row beside the published one."""
