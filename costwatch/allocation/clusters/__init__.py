"""What splits of clusters share: days of things as columns, and whose workloads are."""
