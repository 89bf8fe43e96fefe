"""A story: its names become ids, and one that was interrupted goes on where it was."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from shared.okr import identity
from shared.runtime.story import read_story, with_ids

DEMO = Path(__file__).parents[3] / "demo" / "story.json"


def test_keys_become_the_ids_that_the_import_gives() -> None:
    text = with_ids("/v1/objectives/{objective:a/o1}/key-results/{kr:a/o1/kr2}", "2021")
    objective = identity.imported_objective_id("2021", "a/o1")
    key_result = identity.imported_key_result_id("2021", "a/o1", "kr2")
    assert text == f"/v1/objectives/{objective}/key-results/{key_result}"


def test_the_demo_is_read_whole_and_names_nothing_that_is_left() -> None:
    story = read_story(DEMO)
    calls = [step for step in story.steps if step.method]
    assert len(story.steps) == 267
    assert len(calls) == 182
    for step in calls:
        assert "{objective:" not in step.path + step.body.decode()
        json.loads(step.body)


def test_a_story_goes_on_at_the_last_step_that_was_reached() -> None:
    story = read_story(DEMO)
    tenth = story.steps[10]
    assert story.from_(None) == story.steps
    assert story.from_(tenth.at)[0] == tenth
    assert story.from_(datetime.fromisoformat("2000-01-01T00:00:00Z")) == story.steps
    assert story.from_(story.steps[-1].at) == ()


def test_another_format_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "story.json"
    other.write_text('{"format": "okr-story/9"}')
    with pytest.raises(ValueError, match="okr-story/1"):
        read_story(other)
