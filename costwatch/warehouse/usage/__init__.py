"""What clusters used, beside what their nodes cost."""
