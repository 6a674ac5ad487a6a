"""What pydantic finds wrong, told to a person: places and words, no values, nothing twice."""

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from shenava.faults import Fault, faults, listed


class Entry(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not name.isalpha():
            raise ValueError("letters only")
        return name


class File(BaseModel):
    entries: tuple[Entry, ...] = Field(min_length=1)


def found(content: object) -> list[Fault]:
    with pytest.raises(ValidationError) as told:
        File.model_validate(content)
    return faults(told.value)


def test_a_list_of_nothing_but_wrong_entries_is_not_called_too_short() -> None:
    assert found({"entries": [{"name": "hunter2"}]}) == [Fault(("entries", 0, "name"), "letters only")]


def test_an_empty_list_is_too_short() -> None:
    (fault,) = found({"entries": []})
    assert fault.place == ("entries",)


def test_one_fault_stands_on_the_line_of_the_title_and_several_below_it() -> None:
    assert listed("mend", ["a"]) == "mend: a"
    assert listed("mend", ["a", "b"]) == "mend:\n  a\n  b"
