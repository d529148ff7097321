"""The list of pages. Streamlit runs this file for every reader and every click."""

import streamlit as st

from dashboards.frame import show
from dashboards.theme import ICON
from dashboards.views import costs, data, overview

st.set_page_config(page_title="costwatch", page_icon=str(ICON), layout="wide")
page = st.navigation(
    [
        st.Page(overview.page, title="Overview", icon=":material/dashboard:", default=True),
        st.Page(costs.page, title="Costs", icon=":material/payments:", url_path="costs"),
        st.Page(data.page, title="Data", icon=":material/database:", url_path="data"),
    ],
    position="top",
)
show(page.run)
