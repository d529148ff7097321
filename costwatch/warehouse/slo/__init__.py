"""Service level objectives as they were collected: definitions, buckets of five minutes, burn windows."""
