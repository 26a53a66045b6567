"""The record that travels with a picture."""

import pytest

from engines.curation.provenance import Provenance, permission_value
from engines.errors import StudioError


def test_a_record_survives_being_written_and_read() -> None:
    record = Provenance("pexels", "12", "Skyline", author="Ada", training_allowed="no", collected="2026-01-01T00:00:00+00:00")
    assert Provenance.from_json(record.as_json()) == record
    assert Provenance.from_json(record.as_json() | {"of a later version": 1}) == record


@pytest.mark.parametrize("entry", [{}, {"source": "a", "identity": 1, "name": "x"}, {"source": "a", "identity": "b"}])
def test_a_record_that_is_not_whole_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="provenance record"):
        Provenance.from_json(entry)


def test_a_permission_is_what_was_written_or_that_yes_was_said() -> None:
    assert permission_value("yes", " a letter \n of 3 March ") == "a letter of 3 March"
    assert permission_value("yes") == "said to be allowed on import"
    assert permission_value("unknown") == ""
