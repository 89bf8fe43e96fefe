"""A quarter in which everything happens that a read model has to bear."""

from decimal import Decimal

from services.checkins.domain.commands import RetractProgress
from services.objectives.domain.drafting import EditObjective
from services.objectives.domain.key_results import AddKeyResult, CancelKeyResult, EditKeyResult
from services.objectives.domain.measuring import Changes, Retarget
from services.objectives.domain.publishing import CloseObjective, ReopenObjective, SubmitObjective
from services.objectives.domain.weighing import SetWeights
from services.organization.domain.cycles import CloseCycle, StartCycleReview
from services.organization.domain.departments import ChangeDepartment, MoveDepartment
from services.organization.domain.members import ChangeMember, LeaveMember
from services.organization.domain.policies import ApprovalPolicy, ChangeApproval, ChangeCadence
from shared.events.objectives import Owner
from shared.okr.duty import Cadence
from shared.okr.readings import CountReading, DoneReading
from tests.support.suite import Suite
from tests.unit.readmodels.world import (
    BUILDER,
    BUILDING,
    BUYER,
    BUYING,
    CODER,
    COMPANY,
    CYCLE,
    PLATFORM,
    STRANGER,
    at,
    begin,
    check_in,
    company,
    day,
    draft,
    key_result,
    log,
    measure,
    metric,
    named,
    publish,
)

SEALED = "sealed:1:author:dGV4dA"
SATISFIED = measure("threshold", comparator=">=", limit="80", unit="%")
EACH_MONTH = measure(
    "threshold", comparator="<", limit="3", evaluation="every_period", period={"months": 1}
)
RELEASES = measure(
    "milestone", stages=[{"name": "内测", "weight": 1}, {"name": "上线", "weight": 3}]
)
TALKS = measure("recurring", quota=2, window={"months": 1})


def busy_quarter() -> Suite:
    """Play it."""
    suite = company()
    _objectives(suite)
    _october(suite)
    _november(suite)
    _december(suite)
    return suite


def _objectives(suite: Suite) -> None:
    publish(
        suite, "降本", BUYER, key_result("成本"), key_result("周期", metric("50", stretch="70"))
    )
    publish(
        suite, "上线", BUILDER,
        key_result("满意度", SATISFIED, weight="40", due=day("11-18")),
        key_result("发布", RELEASES, weight="60"),
    )  # fmt: skip
    publish(suite, "平台", CODER, key_result("故障率", EACH_MONTH), key_result("分享", TALKS))
    company_owner = Owner(type="company", id=COMPANY)
    publish(suite, "增长", BUILDER, key_result("营收", metric("500")), of=company_owner)
    publish(
        suite, "密", BUILDER,
        key_result("暗", metric("10")),
        of=Owner(type="department", id=BUILDING), confidential=True,
    )  # fmt: skip
    draft(suite, "草稿", CODER, key_result("草"))
    waiting = draft(suite, "待批", STRANGER, key_result("等"), on="10-02")
    suite.ask("objectives", SubmitObjective(objective_id=waiting), by=STRANGER, at=at("10-02"))


def _october(suite: Suite) -> None:
    log(suite, "降本", "成本", "30", on="10-09", by=BUYER, confidence=8)
    log(suite, "上线", "满意度", "75", on="10-12", confidence=5)
    log(suite, "平台", "分享", "", reading=CountReading(count=Decimal(2)), on="10-14", by=CODER)
    begin(suite, "10-15")
    check_in(suite, "降本", on="10-16", by=BUYER, readings={"周期": "12"}, confidence=6)
    log(suite, "平台", "故障率", "2", on="10-19")
    log(suite, "平台", "故障率", "4", on="10-20")
    suite.ask(
        "checkins",
        RetractProgress(
            objective_id=named("objective", "平台"),
            key_result_id=named("key_result", "故障率"),
            n=2,
            reason=SEALED,
        ),
        at=at("10-21"),
    )
    heavier = SetWeights(
        objective_id=named("objective", "降本"),
        weights={
            named("key_result", "成本"): Decimal(75),
            named("key_result", "周期"): Decimal(25),
        },
        reason=SEALED,
    )
    suite.ask("objectives", heavier, at=at("10-22"))
    begin(suite, "10-31")


def _november(suite: Suite) -> None:
    ask = suite.ask
    ask("organization", ChangeCadence(value=Cadence(weekday="mon", grace_days=2)), at=at("11-02"))
    moved = MoveDepartment(department_id=PLATFORM, parent_id=BUYING, reason=SEALED)
    ask("organization", moved, at=at("11-03"))
    raised = Retarget(
        objective_id=named("objective", "降本"),
        key_result_id=named("key_result", "成本"),
        changes=Changes(target="120"),
        reason=SEALED,
    )
    ask("objectives", raised, at=at("11-04"))
    log(suite, "上线", "发布", "", reading=DoneReading(done=("内测",)), on="11-05", by=BUILDER)
    check_in(suite, "平台", on="11-06", by=CODER, status="off_track", narrative=SEALED)
    again = EditObjective(objective_id=named("objective", "增长"), title="增长两倍")
    ask("objectives", again, at=at("11-09"))
    heads = ChangeDepartment(department_id=PLATFORM, head_id=CODER.id)
    ask("organization", heads, at=at("11-10"))
    added = AddKeyResult(
        objective_id=named("objective", "平台"), key_result=key_result("文档", metric("20"))
    )
    ask("objectives", added, at=at("11-11"))
    begin(suite, "11-19")
    later = EditKeyResult(
        objective_id=named("objective", "上线"),
        key_result_id=named("key_result", "满意度"),
        due=day("12-10"),
    )
    ask("objectives", later, at=at("11-20"))
    ask("organization", LeaveMember(member_id=STRANGER.id, successor_id=BUYER.id), at=at("11-23"))
    begin(suite, "11-30")


def _december(suite: Suite) -> None:
    ask = suite.ask
    gone = CancelKeyResult(
        objective_id=named("objective", "平台"),
        key_result_id=named("key_result", "分享"),
        reason=SEALED,
    )
    ask("objectives", gone, at=at("12-01"))
    log(suite, "增长", "营收", "450", on="12-02")
    ask("organization", ChangeApproval(value=ApprovalPolicy(next_level_up=True)), at=at("12-03"))
    ask(
        "organization",
        ChangeMember(member_id=BUYER.id, roles=frozenset({"auditor"})),
        at=at("12-04"),
    )
    closed = CloseObjective(objective_id=named("objective", "降本"), outcome="partly", note=SEALED)
    ask("objectives", closed, at=at("12-07"))
    begin(suite, "12-08")
    reopened = ReopenObjective(objective_id=named("objective", "降本"), reason=SEALED)
    ask("objectives", reopened, at=at("12-09"))
    open_now = EditObjective(objective_id=named("objective", "密"), confidential=False)
    ask("objectives", open_now, at=at("12-10"))
    done = CloseObjective(objective_id=named("objective", "上线"), outcome="abandoned", note=SEALED)
    ask("objectives", done, at=at("12-11"))
    begin(suite, "12-20")
    ask("organization", StartCycleReview(cycle_id=CYCLE), at=at("12-21"))
    log(suite, "降本", "成本", "110", on="12-22")
    ask("organization", CloseCycle(cycle_id=CYCLE), at=at("12-30"))
    begin(suite, "12-31")
