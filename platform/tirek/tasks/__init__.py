"""Does later what services decided: opens a session, calls a service, calls a gateway."""
