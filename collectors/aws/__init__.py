"""What collectors that speak to AWS share."""
