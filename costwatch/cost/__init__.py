"""What things cost, as arithmetic: how days settle, forecasts, what changed. Pure: values in, values out."""
