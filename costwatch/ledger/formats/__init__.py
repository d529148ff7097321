"""One module for each bill format; ``contract`` is what all of them turn their columns into."""
