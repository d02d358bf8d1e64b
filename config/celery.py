"""Celery's settings, each with the hazard that it answers."""

from typing import Any

QUEUES = ("default", "embedding")


def celery_settings(redis_url: str) -> dict[str, Any]:
    """Settings for a broker that may be killed at any moment and lose everything it holds."""
    return {
        "broker_url": redis_url,
        "task_ignore_result": True,  # a job's row has its result
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,  # acks_late alone loses the task of a killed child
        "task_default_queue": "default",
        "task_create_missing_queues": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # Without time-outs a half-open connection blocks for ever.
        "broker_transport_options": {
            "socket_timeout": 15,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "visibility_timeout": 3_600,  # the sweeper brings lost jobs back long before
        },
    }
