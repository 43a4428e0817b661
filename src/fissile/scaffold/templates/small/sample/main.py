"""The application."""

from fissile import App

from .db import lifespan
from .routers import router

app = App(title="Sample", lifespan=lifespan)
app.include_router(router)
