"""Stand-ins for the modules of other tools, so that scripts written for them run unchanged."""
