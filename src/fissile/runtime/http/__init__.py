"""HTTP: the components' routes inside one FastAPI application, its errors and its one API document."""
