"""What a pipeline says of itself: one event of its run, and the telemetry of its jobs."""
