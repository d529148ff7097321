"""What pods ask for and use: summed by day when it is stored, and read from these sums."""
