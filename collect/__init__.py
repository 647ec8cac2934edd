"""
Collecting: what CI providers know of runs, jobs, deployments and changes, asked for and loaded like any file.

`client.py` asks: pages, conditional requests, rate limits, retries. `positions.py` keeps how far a collection
has come, in the warehouse. `store.py` loads what was fetched. One module per provider says what there is to
ask for: `github.py`, `gitlab.py`. `artifacts.py` unpacks what a run left behind, and trusts none of it.

`collect` uses `ingest`; `ingest` knows nothing of it.
"""
