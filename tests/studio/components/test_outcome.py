"""What came of something, as the page gets it."""

from studio.components.outcome import SHOWN, Listed, Outcome, Told


def test_names_and_reasons_travel_as_plain_text() -> None:
    hostile = "<img src=x>${1}\u202e"
    sent = Outcome(label="Result").postprocess(Told("done", (("Name", hostile),), (Listed("left out", ((hostile, "why"),)),)))
    assert sent == {"line": "done", "facts": [["Name", hostile]], "lists": [{"title": "left out", "rows": [[hostile, "why"]], "all": 1}]}


def test_of_very_many_names_the_first_are_sent_and_all_are_counted() -> None:
    sent = Outcome(label="Result").postprocess(Told("done", lists=(Listed("left out", (("a", "b"),) * 5000),)))
    assert len(sent["lists"][0]["rows"]) == SHOWN
    assert sent["lists"][0]["all"] == 5000


def test_nothing_is_shown_before_anything_came() -> None:
    assert Outcome(label="Result").postprocess(None) is None


def test_the_page_gives_nothing_back() -> None:
    assert Outcome(label="Result").preprocess({"line": "forged"}) is None


def test_the_template_holds_no_words_of_anybody() -> None:
    made = Outcome(Told("a <b>line</b>"), label="Result")
    assert made.html_template == '<div class="outcome"></div>'
