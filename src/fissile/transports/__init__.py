"""How a call reaches its provider: in this process, or over a link to another one."""
