-- One row per job of a run attempt (provider, repository, run_id, run_attempt, job_id, ordinal), from whoever reported it.
{{ joined_jobs() }}
