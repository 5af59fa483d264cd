"""One verb, one function: load, ask the domain, store; nothing here commits or waits."""
