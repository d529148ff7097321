"""Kubernetes usage from Prometheus: what every pod requested and used, on which node and instance."""
