"""The greetings over HTTP."""

from fastapi import APIRouter

router = APIRouter(tags=["greetings"])
