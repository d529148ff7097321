"""What clusters used, summed by day as it is stored, beside what their nodes cost and will cost."""
