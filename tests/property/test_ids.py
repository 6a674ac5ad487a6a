"""Derived ids are the UUIDv5 of RFC 9562, so that anybody can compute them."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shenava.ids import NAMESPACE, derive, mention_id


@given(st.text(), st.lists(st.text() | st.integers()))
def test_a_derived_id_is_the_uuid5_of_its_cause(kind: str, parts: list[str | int]) -> None:
    assert derive(kind, *parts) == str(uuid5(NAMESPACE, "\x1f".join([kind, *map(str, parts)])))


def test_an_id_never_changes_between_releases() -> None:
    assert mention_id("default", "instagram", "p-1") == "abdedbfc-4084-55ed-8cc1-3c8047f910ea"
    assert UUID(mention_id("default", "instagram", "p-1")).version == 5
