"""The bill as delivered, as published, and as it is proven."""
