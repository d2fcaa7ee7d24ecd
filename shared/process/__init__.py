"""What every long-running process of the product needs of its operating system and of Celery, each once."""
