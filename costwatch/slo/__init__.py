"""Service level objectives: what they promise, what is left of their error budget, how fast it burns."""
