"""A history as sentences: what a failing check prints, and what a reader of the model reads."""

from collections.abc import Iterator

from tests.protocol.checker import Trace
from tests.protocol.folding import Folding
from tests.protocol.model import Answer, Decided, Event, LogOpened, State
from tests.protocol.protocol import Protocol
from tests.protocol.reading import Step

NAMES = "ABCDEFGH"


def told_as_sentences(model: Protocol, trace: Trace[State, Step]) -> str:
    """The steps, numbered, and the promise that the last one broke."""
    lines = [
        f"{count:3}. {''.join(_sentence(model.folding, step, before, after))}"
        for count, (step, before, after) in enumerate(
            zip(trace.steps, trace.states, trace.states[1:], strict=False), 1
        )
    ]
    end = trace.states[-1]
    lines.append(f"     The log: {_log(model.folding, end)}")
    return "\n".join([*lines, f"     So {trace.broken}."])


def _sentence(folding: Folding, step: Step, before: State, after: State) -> Iterator[str]:
    match step:
        case ("lands" | "lands, and may again", int(number)):
            offset = folding.offset(before.log, len(before.log))
            claim = folding.batch(number).claim
            yield f"Batch {number} lands at offset {offset}"
            yield "." if claim == offset else f", though it claims {claim}."
        case ("is replicated", int(number)):
            yield f"Batch {number} is replicated: the high watermark is behind it."
        case ("leader changes", tuple(lost)):
            yield f"The partition's leader changes; batches {_list(lost)}, not committed, are in "
            yield "flight again."
        case ("is cut", tuple(lost)):
            yield f"The log loses its committed tail, batches {_list(lost)}, which may land again."
        case ("commands are cut",):
            yield "The command topic is cut and grows again with other commands."
        case ("is opened again",):
            yield "Folded from offset 0 and compared with the checkpoint, the partition is opened."
        case ("takes over", int(index), int(length), int(life)):
            yield f"{_owner(before, index)} takes over and folds {length} batches"
            yield "." if life == 1 else ", and stops: it says why."
        case ("opens the log", int(index), int(number)):
            yield f"{_owner(before, index)} sends LogOpened as batch {number}."
        case ("decides", int(index), int(), *sent):
            numbers = [number for number in sent if isinstance(number, int)]
            yield f"{_owner(before, index)} decides {_decisions(folding, numbers)}."
        case ("crashes", int(index)):
            yield f"{_owner(before, index)} crashes and forgets everything."
        case ("times out", int(index), int(length)):
            yield f"{_owner(before, index)} hears nothing in time and folds {length} batches anew."
        case ("times out and assumes", int(index)):
            yield f"{_owner(before, index)} hears nothing in time and assumes its append landed."
        case ("hears of its append", int(index)):
            yield f"{_owner(before, index)} hears that its append landed where it claimed."
        case ("finds itself void", int(index)):
            yield f"{_owner(before, index)} hears that its append landed elsewhere, so is void."
        case ("finds another record before", int(index)):
            yield f"{_owner(before, index)} finds another record before its own, and stops."
        case ("edge stops", int(index)):
            yield f"Edge {index + 1} finds that the log is not the one it held, and stops."
        case ("edge reads", int(index), *fresh):
            numbers = [number for number in fresh if isinstance(number, int)]
            yield f"Edge {index + 1} reads on, {_answers(folding, numbers)}."
        case ("projector stops",):
            yield "The projector finds that the log is not the one it held, and stops."
        case ("checkpoint moves", int(length)):
            yield f"The projector's checkpoint moves behind {length} batches."
        case _:
            yield str(step)


def _owner(state: State, index: int) -> str:
    return f"{NAMES[index]} (code {state.owners[index].code})"


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers)


def _decisions(folding: Folding, numbers: list[int]) -> str:
    """«a accepted, b refused at view (1): batch 3, claiming 5 behind batch 2»."""
    decided = next(d for number in numbers if (d := folding.batch(number).decided))
    said = ", ".join(
        f"{folding.letters[command]} {answer.name.lower()}{' (a repeat)' if again else ''}"
        for command, answer, again in decided.outcomes
    )
    batches = " and ".join(
        f"batch {number}, claiming {folding.batch(number).claim}"
        f" behind {folding.batch(number).previous}"
        for number in numbers
    )
    return f"{said} at view {decided.view}: {batches}"


def _answers(folding: Folding, fresh: list[int]) -> str:
    said = [
        f"{folding.letters[command]} is {answer.name.lower()}"
        for number in fresh
        if (decided := folding.batch(number).decided)
        for command, answer, _ in decided.outcomes
        if answer is not Answer.NOT_YET
    ]
    return f"and answers that {', '.join(said)}" if said else "and has nothing to answer"


def _log(folding: Folding, state: State) -> str:
    """Each batch with its offset, its claim where it is void, and its records."""
    parts = []
    for index, number in enumerate(state.log):
        batch, offset = folding.batch(number), folding.offset(state.log, index)
        records = " ".join(_record(folding, record) for record in batch.records)
        void = "" if batch.claim == offset else f" claims {batch.claim}"
        above = "" if index < state.high else " (not committed)"
        parts.append(f"{offset}: batch {number}{void} behind {batch.previous} [{records}]{above}")
    return " | ".join(parts)


def _record(folding: Folding, record: Event | Decided | LogOpened) -> str:
    match record:
        case LogOpened():
            return "LogOpened"
        case Event():
            return f"{folding.letters[record.command]}.{record.part} v{record.version}"
        case Decided():
            return f"Decided {record.first}-{record.upto}"
