"""UCAL: human-in-the-loop active labelling for re-identification. The core: no web, no database, no printing."""
