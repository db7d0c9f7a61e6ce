"""The departments of the city. Each runs in a process of its own and knows only the contract, never another one."""
