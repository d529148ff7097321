"""Charts as Vega-Lite, one module for each domain. Pure."""
