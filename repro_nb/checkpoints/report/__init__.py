"""Reports on checkpoints: in a terminal, as Markdown, as HTML, as JSON."""
