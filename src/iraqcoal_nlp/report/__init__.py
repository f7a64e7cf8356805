"""The report: scored rows as one page that opens in any browser."""
