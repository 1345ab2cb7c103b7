"""The tables and what is done with them. Functions take a Session first; nobody here commits."""
