"""The planted faults: each leaves one rule out, in a world small enough to see it go wrong."""

from dataclasses import dataclass, replace

from tests.protocol import configurations as worlds
from tests.protocol import promises
from tests.protocol.faults import log, owner, truncation
from tests.protocol.model import Configuration, Rules


@dataclass(frozen=True, slots=True)
class Planted:
    """A rule left out, the world in which that shows, and the promise it breaks first."""

    rule: str
    rules: type[Rules]
    world: Configuration
    breaks: str


FAULTS = (
    Planted("whole_batch", log.RecordByRecord, worlds.VIEWS, promises.FALSE_ALARM),
    Planted("claim", log.NoClaim, worlds.VIEWS, promises.TWICE),
    Planted("acks_all", log.AcknowledgedByTheLeaderAlone, worlds.VIEWS, promises.FALSE_ALARM),
    Planted("edges_read_below_high_watermark", log.EdgesReadToTheEnd, worlds.VIEWS, promises.LOST),
    Planted(
        "owners_read_below_high_watermark",
        log.OwnersReadToTheEnd,
        worlds.VIEWS,
        promises.FALSE_ALARM,
    ),
    Planted(
        "one_append_in_flight",
        owner.AppendsWhileAnAppendIsInFlight,
        worlds.RACE,
        promises.FALSE_ALARM,
    ),
    Planted("decide_again_after_void", owner.TakesAVoidBatchForDone, worlds.LATER, promises.PASSED),
    Planted(
        "fold_to_the_end_after_unknown",
        owner.TakesUnknownForDone,
        worlds.VIEWS,
        promises.FALSE_ALARM,
    ),
    Planted("refusals_in_the_batch", owner.RefusesAtOnce, worlds.VIEWS, promises.CONTRADICTED),
    Planted("resume_point_from_decided", owner.ResumesFromTheGroup, worlds.GROUP, promises.PASSED),
    Planted(
        "resume_command_compared",
        owner.TrustsTheCommandTopic,
        worlds.REGROWN_COMMANDS,
        promises.COMMANDS_CUT,
    ),
    Planted("repeat_window", owner.ForgetsAnswers, worlds.RETRIES, promises.BOTH),
    Planted("not_yet_is_no_answer", owner.TellsNotYet, worlds.EARLY, promises.CONTRADICTED),
    Planted("views_move_forward_only", owner.DecidesAtAnyView, worlds.VIEWS, promises.BACK),
    Planted("one_view_a_run", owner.ViewMovesInsideARun, worlds.VIEWS, promises.REPLAY),
    Planted("fingerprint_of_the_deciders", owner.HidesItsDeciders, worlds.VIEWS, promises.REPLAY),
    Planted("okr_prev", truncation.NoPrevious, worlds.CUT_UNDER_EDGES, promises.PASSED),
    Planted(
        "fetch_begins_at_the_last_record_held",
        truncation.ReadsOnWithoutLooking,
        worlds.CUT,
        promises.UNNOTICED,
    ),
    Planted(
        "look_before_the_claim_after_an_ack",
        truncation.TrustsItsClaim,
        worlds.CUT,
        promises.UNNOTICED,
    ),
    Planted(
        "look_at_the_last_valid_record_not_the_one_directly_before",
        truncation.LooksAtTheRecordBeforeOnly,
        worlds.CUT,
        promises.UNNOTICED,
    ),
    Planted(
        "look_at_what_lies_between_too",
        truncation.LooksAtTheLastValidOnly,
        worlds.CUT,
        promises.UNNOTICED,
    ),
    Planted(
        "fold_from_offset_0_after_a_restore",
        truncation.GoesOnAfterARestore,
        worlds.RESTORED,
        promises.CHECKPOINT_GONE,
    ),
    Planted(
        "compare_checkpoints_after_a_restore",
        truncation.OpensWithoutComparing,
        worlds.RESTORED,
        promises.CHECKPOINT_GONE,
    ),
)
"""Every rule of the model, left out."""


def _blindly(rule: str, world: Configuration, breaks: str) -> Planted:
    """The same fault where nobody compares anything with what was there before."""
    planted = next(planted for planted in FAULTS if planted.rule == rule)
    blind = (truncation.NoPrevious, truncation.ReadsOnWithoutLooking, truncation.TrustsItsClaim)
    rules = type(f"{planted.rules.__name__}Blindly", (planted.rules, *blind), {})
    return replace(planted, rules=rules, world=world, breaks=breaks)


HARMS = (
    _blindly("whole_batch", worlds.RACE, promises.PART),
    _blindly("acks_all", worlds.ONE_BY_ONE, promises.PASSED),
    _blindly("owners_read_below_high_watermark", worlds.ONE_BY_ONE, promises.PASSED),
    _blindly("one_append_in_flight", worlds.RACE, promises.DECIDED_TWICE),
    _blindly("fold_to_the_end_after_unknown", worlds.ONE_BY_ONE, promises.PASSED),
)
"""The faults that rule 4 turns into a stop, and the harm they do where it is left out as well."""
