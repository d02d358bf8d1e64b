"""The Celery application, its tasks, and the relay that hands them job ids."""
