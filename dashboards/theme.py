"""How the pages look: Streamlit's theme options, and where icon and style of our own blocks lie.

Given a light and a dark theme, Streamlit follows the reader's system. Colours are ``costwatch.charts.cost``'.
"""

from pathlib import Path

ICON = Path(__file__).with_name("icon.png")  # a named icon would be fetched from the internet
STYLE = Path(__file__).with_name("style.css")

OPTIONS = {
    "theme_paddingTop": "1.25rem",
    "theme_paddingBottom": "3rem",
    "theme_baseRadius": "6px",
    "theme_light_primaryColor": "#0072B2",
    "theme_light_backgroundColor": "#FFFFFF",
    "theme_light_secondaryBackgroundColor": "#F5F6F8",
    "theme_light_textColor": "#31333F",
    "theme_light_borderColor": "#DEE1E7",
    "theme_dark_primaryColor": "#56B4E9",
    "theme_dark_backgroundColor": "#0E1117",
    "theme_dark_secondaryBackgroundColor": "#1A1F2B",
    "theme_dark_textColor": "#FAFAFA",
    "theme_dark_borderColor": "#343A47",
}
