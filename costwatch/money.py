"""Money is integer nano-units (1e-9 of its currency) everywhere; here it becomes text and back. Pure."""

from decimal import Decimal

NANO = 1_000_000_000
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
# Currencies whose smallest unit is no hundredth. Source: ISO 4217, list one, column "minor unit".
_DECIMALS = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
}


def units(nano: int) -> Decimal:
    """Currency units, exact."""
    return Decimal(nano).scaleb(-9)


def nanos(amount: Decimal) -> int:
    """Nano-units, half away from zero."""
    return int(amount.scaleb(9).to_integral_value(rounding="ROUND_HALF_UP"))


def smallest_unit(currency: str) -> Decimal:
    """What a currency is counted in at least: 0.01 for most, 1 for the yen."""
    return Decimal(1).scaleb(-_DECIMALS.get(currency, 2))


def exact(amount: Decimal, currency: str = "USD") -> str:
    """To the smallest unit: ``$1,234.56``, ``-$0.10``, ``CHF 12.00``, ``JPY 1,200``, ``KWD 1.250``."""
    return _signed(amount, currency, f"{abs(amount):,.{_DECIMALS.get(currency, 2)}f}")


def per_unit(amount: Decimal, currency: str = "USD") -> str:
    """What one of many costs, by three digits that say something: ``$0.00421``, ``$0.40``, ``$1,234.56``."""
    least = _DECIMALS.get(currency, 2)
    rounded = round(amount, max(least, 2 - amount.adjusted())) if amount else amount
    exponent = int(rounded.normalize().as_tuple().exponent)
    return _signed(amount, currency, f"{abs(rounded):,.{max(least, -exponent)}f}")


def short(amount: Decimal, currency: str = "USD") -> str:
    """For tiles and sentences: ``$1.2k``, ``$97.7k``, ``$410k``, ``$1.23M``; under 1,000 whole units."""
    size = abs(amount)
    for limit, divisor, suffix in ((999_500, 10**6, "M"), (999, 10**3, "k")):
        if size >= limit and size >= Decimal("999.5"):
            scaled = size / divisor
            digits = 2 if suffix == "M" and scaled < 10 else 1 if scaled < Decimal("99.95") else 0
            return _signed(amount, currency, f"{scaled:,.{digits}f}{suffix}")
    decimals = 0 if size >= 10 else min(_DECIMALS.get(currency, 2), 2)
    return _signed(amount, currency, f"{size:,.{decimals}f}")


def change(amount: Decimal, currency: str = "USD") -> str:
    """``short`` with its sign always shown: ``+$6.9k``."""
    return ("+" if amount >= 0 else "") + short(amount, currency)


def _signed(amount: Decimal, currency: str, digits: str) -> str:
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    negative = amount < 0 and any(digit in "123456789" for digit in digits)
    return f"{'-' if negative else ''}{symbol}{digits}"
