"""The report without a server: the marts as one page of HTML, or as a weekly digest for Markdown and Slack."""
