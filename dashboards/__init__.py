"""What Superset shows, as YAML in git, and what publishes, serves and checks it."""
