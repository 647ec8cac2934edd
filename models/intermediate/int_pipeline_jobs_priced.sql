-- One row per job of a run attempt (provider, repository, run_id, run_attempt, job_id, ordinal), priced by its minutes.
{{ priced_jobs() }}
