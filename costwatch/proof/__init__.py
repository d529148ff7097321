"""What is held against what so that a bill is proven. Pure."""
