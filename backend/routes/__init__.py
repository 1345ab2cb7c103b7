"""The routes: parse, call the store, return."""
