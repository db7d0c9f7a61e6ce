"""What a person must decide: cases that services open, the officers who settle them, and the page they do it on.

A handler puts a `declaration.NewCase` into its answer; an officer gives one of the service's verdicts on the inbox
page; the citizen reads it on the next visit (`status.MY_CASES`).
"""
