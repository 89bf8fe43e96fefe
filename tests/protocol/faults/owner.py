"""The owner's rules, each left out: appends and their answers, resuming, repeats, views."""

from tests.protocol.model import Answer, Rules, View


class AppendsWhileAnAppendIsInFlight(Rules):
    """A second batch is sent behind a first that has no answer yet."""

    def may_append(self, pending: tuple[int, ...]) -> bool:
        return len(pending) < 2


class TakesAVoidBatchForDone(Rules):
    """A batch that landed elsewhere counts as decided; the owner goes on with the next command."""

    def decides_again_after_void(self) -> bool:
        return False


class TakesUnknownForDone(Rules):
    """No answer in time: the owner assumes its append landed, and folds nothing."""

    def folds_to_the_end_after_unknown(self) -> bool:
        return False


class RefusesAtOnce(Rules):
    """A refusal is told when it is decided, before its batch is in the log."""

    def refusals_wait_for_the_append(self) -> bool:
        return False


class ResumesFromTheGroup(Rules):
    """The group's committed offset says where to go on."""

    def resume_point(self, upto: int, committed: int) -> int:
        return committed


class TrustsTheCommandTopic(Rules):
    """The command at the resume point is not compared with the one that was decided."""

    def resume_command_is_the_same(self, decided: str, found: str) -> bool:
        return True


class ForgetsAnswers(Rules):
    """A repeat is decided like any other command."""

    def first_answer(self, answers: tuple[Answer, ...], command: int) -> Answer:
        return Answer.NONE


class TellsNotYet(Rules):
    """`not_yet` is told to the client as a refusal."""

    def not_yet_is_no_answer(self) -> bool:
        return False


class DecidesAtAnyView(Rules):
    """A view that is behind the one of the last `Decided` is good enough."""

    def may_decide_at(self, view: View, last: View) -> bool:
        return True


class ViewMovesInsideARun(Rules):
    """The view is followed while a run is decided."""

    def views_of_run(self, view: View, newest: View, length: int) -> tuple[View, ...]:
        return (view, *(newest,) * (length - 1))


class HidesItsDeciders(Rules):
    """`Decided` does not say which deciders decided."""

    def names_its_deciders(self, code: int) -> int:
        return 0
