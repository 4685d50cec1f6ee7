"""The invented firm that a first start shows: who, what, and three weeks of complaints."""
