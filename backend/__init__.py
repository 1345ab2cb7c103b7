"""The web server and the store. Loads neither torch, celery nor faiss."""
