"""What every report is made of: escaped HTML and Markdown, tables, the page with its style, readable text."""
