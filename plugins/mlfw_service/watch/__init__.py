"""What is seen of a service from outside: metrics for Prometheus, and the log of requests."""
