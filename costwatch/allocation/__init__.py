"""Every dollar of the bill lands on exactly one team or on a named residual."""
