"""The fold of one partition: void records, the chain of predecessors, and history that is cut."""

import pytest

from shared.eventing.drafts import Draft, internal_draft
from shared.eventing.fold import HistoryCut, PartitionFold
from shared.eventing.positions import Checkpoint
from shared.eventing.wire import LogRecord, Unreadable
from shared.events.internal import Decided, LogOpened

TOPIC = "okr.checkins.events"


def landed(draft: Draft, offset: int) -> LogRecord:
    return LogRecord(TOPIC, 3, offset, 1_000, draft.key, draft.value, draft.headers)


def opened(at: int = 0, prev: str = "", log_id: str = "log-a") -> Draft:
    record = LogOpened(log_id=log_id, partitions=12)
    return internal_draft("checkins", record, partition=3, at=at, prev=prev, new_id=f"o{at}")


def decided(at: int, prev: str, new_id: str | None = None) -> Draft:
    record = Decided(upto=at, command="c", fingerprint="f")
    return internal_draft(
        "checkins", record, partition=3, at=at, prev=prev, new_id=new_id or f"d{at}"
    )


def fold_of(*records: LogRecord, held: Checkpoint | None = None) -> PartitionFold:
    fold = PartitionFold(TOPIC, 3, held)
    fold.begin()
    for record in records:
        fold.take(record)
    return fold


def test_a_record_that_did_not_land_at_its_claim_is_void() -> None:
    fold = fold_of(landed(opened(), 0))
    assert fold.take(landed(decided(9, "o0"), 1)) is None
    assert fold.take(landed(decided(2, "o0"), 2)) is not None


def test_a_record_without_a_claim_is_void() -> None:
    fold = fold_of(landed(opened(), 0))
    assert fold.take(LogRecord(TOPIC, 3, 1, 0, b"3", b"{}", [("ce_id", b"x")])) is None


def test_void_records_leave_the_chain_and_the_checkpoint_alone() -> None:
    fold = fold_of(landed(opened(), 0), landed(decided(7, "nonsense"), 1))
    assert fold.checkpoint == Checkpoint("log-a", 0, "o0")
    assert (fold.last_id, fold.next_offset) == ("o0", 2)


def test_a_right_claim_behind_another_record_means_history_is_cut() -> None:
    fold = fold_of(landed(opened(), 0))
    with pytest.raises(HistoryCut):
        fold.take(landed(decided(1, "somebody"), 1))


def test_a_gap_in_the_offsets_means_history_is_cut() -> None:
    fold = fold_of(landed(opened(), 0))
    with pytest.raises(HistoryCut):
        fold.take(landed(decided(2, "o0"), 2))


def test_a_log_opens_once_and_first() -> None:
    with pytest.raises(HistoryCut):
        fold_of(landed(decided(0, ""), 0))
    with pytest.raises(HistoryCut):
        fold_of(landed(opened(), 0), landed(opened(1, "o0"), 1))


def test_the_loser_of_two_that_open_a_log_is_void() -> None:
    late = landed(opened(0, log_id="log-b"), 1)
    assert fold_of(landed(opened(), 0), late).log_id == "log-a"


def test_a_fetch_begins_at_the_record_held_and_compares_it() -> None:
    held = Checkpoint("log-a", 4, "d4")
    fold = PartitionFold(TOPIC, 3, held)
    assert fold.begin() == 4
    assert fold.take(landed(decided(4, "d3"), 4)) is None
    assert fold.take(landed(decided(5, "d4"), 5)) is not None
    assert fold.checkpoint == Checkpoint("log-a", 5, "d5")


def test_a_record_held_that_is_another_one_now_means_history_is_cut() -> None:
    with pytest.raises(HistoryCut):
        fold_of(landed(decided(4, "d3", "other"), 4), held=Checkpoint("log-a", 4, "d4"))


def test_a_second_fetch_reads_void_records_again_and_valid_ones_not() -> None:
    fold = fold_of(landed(opened(), 0), landed(decided(9, ""), 1))
    assert fold.begin() == 0
    assert fold.take(landed(opened(), 0)) is None
    assert fold.take(landed(decided(9, ""), 1)) is None
    assert fold.take(landed(decided(2, "o0"), 2)) is not None


def test_a_type_of_a_newer_release_is_never_skipped() -> None:
    fold = fold_of(landed(opened(), 0))
    headers = [
        ("ce_id", b"e1"), ("ce_type", b"okr.KRTeleported.v1"), ("okr_at", b"1"),
        ("okr_prev", b"o0"),
    ]  # fmt: skip
    with pytest.raises(Unreadable):
        fold.take(LogRecord(TOPIC, 3, 1, 0, b"s", b"{}", headers))


def test_an_own_batch_that_landed_moves_the_fold() -> None:
    fold = fold_of(landed(opened(), 0))
    fold.appended(3, "d3")
    assert fold.checkpoint == Checkpoint("log-a", 3, "d3")
    assert fold.take(landed(decided(4, "d3"), 4)) is not None
