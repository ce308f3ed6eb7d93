"""What changes the world: the only room that writes to a service.

runner     one release from its first step, or from where it was left, to its end
candidate  the new revision, without traffic, until it is ready
shifting   traffic, one step at a time, and whether it became effective
watching   a step below 100 %: hold, go on, or go back
proving    checks on the candidate, and what serves at the end
undo       the saved map back, unless somebody else moved traffic
writing    one change by compare-and-set, however the answer gets lost
ending     how it ended for now
journal    intent before, observation after
keeping    the lease that all of this happens under
tools      whom a release talks to
"""
