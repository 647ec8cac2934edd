"""
A simulated fleet: valid events of every contract, with stories in them, labelled as simulated.

    chance, world    draws that repeat themselves; the window of days, and which stories are on
    fleet            the repositories and their characters
    stories          what happens to them: one table, which the rest asks
    delivery         what a repository builds and deploys on a day, and what goes wrong
    runs             the pipeline runs of a repository's day
    vulnerabilities  which of them a repository's components have on a day
    domains/         the events of these, one module per kind of evidence
    evidence         the files

Nothing here remembers anything: what happens in a repository on a day follows from the seed, the
repository and the day alone, and from where in the window its stories lie. That is why one more
day leaves the others as they were.
"""
