"""The mention as FastStream's users write it: pydantic models with the same fields and checks as ours."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

Text = Annotated[str, Field(min_length=1, max_length=512)]


class Author(BaseModel):
    id: Text
    handle: Text | None = None
    name: Text | None = None
    followers: Annotated[int, Field(ge=0)] | None = None
    verified: bool = False
    role: str | None = None


class Mention(BaseModel):
    mention_id: Text
    channel: Text
    native_id: Text
    conversation: Text
    author: Author
    text: Annotated[str, Field(max_length=100_000)]
    posted_at: datetime
    received_at: datetime
    change: str = "posted"
    lane: str = "live"
    url: str | None = None
    in_reply_to: str | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    counts: dict[str, Any] | None = None


class Classification(BaseModel):
    status: Text
    language: Text
    sentiment: str | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class Event(BaseModel):
    event_id: Text
    brand: Text = "default"
    occurred_at: datetime
    mention: Mention
    classification: Classification | None = None
