"""What does the work: one step of a run, or one import, at a time; by Celery or beside the server."""
