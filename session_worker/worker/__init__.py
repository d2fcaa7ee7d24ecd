"""One tenant's worker process: lease, session, sending, receiving and a Celery consumer, put together."""
