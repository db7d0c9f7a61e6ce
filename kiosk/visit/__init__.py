"""A citizen's visit as a pure state machine: events in, a new state and effects out. No I/O, no clock of its own."""
