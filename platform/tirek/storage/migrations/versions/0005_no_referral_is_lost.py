"""No referral is lost: the whole state machine, clocks that call people, conflicts, second channels."""

from collections.abc import Iterable
from importlib import import_module

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHANNELS = "'mail', 'sms', 'webhook', 'fhir'"
URGENT, CALM = ("immediate", "high"), ("medium", "low")
EVERY = URGENT + CALM
WAITING = ("routed", "delivered", "seen", "reopened")
OWNED = (
    "acknowledged",
    "triaged",
    "needs_info",
    "unreachable",
    "contacted",
    "assessed",
    "planned",
    "in_support",
    "review",
    "outcome_set",
    "family_refused",
)
UNOWNED = ("created", *WAITING)
HANDED_ON = ("redirected", "declined_by_receiver")
TERMINAL = ("closed", "merged", "entered_in_error")
MOVABLE = tuple(state for state in OWNED if state not in ("outcome_set", "family_refused"))
AFTER_CONTACT = (
    "contacted",
    "assessed",
    "planned",
    "in_support",
    "review",
    "outcome_set",
    "family_refused",
)
STATES = (*UNOWNED, *OWNED, *HANDED_ON, *TERMINAL)
OLD_STATES = ("created", "routed", "seen", "acknowledged", "contacted", "redirected", "closed")
# From, to, who, at which levels of the referral.
TRANSITIONS = (
    (("created",), "routed", "system", EVERY),
    (("routed",), "delivered", "system", EVERY),
    (("routed",), "delivered", "receiver", EVERY),
    (("routed", "delivered", "reopened"), "seen", "receiver", EVERY),
    (WAITING, "acknowledged", "receiver", EVERY),
    (WAITING, "declined_by_receiver", "receiver", EVERY),
    (("acknowledged",), "triaged", "owner", EVERY),
    (("acknowledged", "triaged"), "needs_info", "owner", EVERY),
    (("needs_info",), "acknowledged", "owner", EVERY),
    (("needs_info",), "acknowledged", "sender", EVERY),
    (("triaged", "unreachable"), "contacted", "owner", EVERY),
    (("triaged",), "unreachable", "owner", EVERY),
    (("contacted",), "assessed", "owner", EVERY),
    (("assessed",), "planned", "owner", EVERY),
    (("planned", "review"), "in_support", "owner", EVERY),
    (("in_support",), "review", "owner", EVERY),
    (("assessed", "review"), "outcome_set", "owner", EVERY),
    (("contacted",), "outcome_set", "owner", CALM),
    (("outcome_set",), "closed", "second", EVERY),
    (("outcome_set",), "closed", "owner", CALM),
    (("outcome_set",), "review", "second", EVERY),
    (
        ("contacted", "assessed", "planned", "in_support", "review"),
        "family_refused",
        "owner",
        EVERY,
    ),
    (("family_refused",), "acknowledged", "second", EVERY),
    (("family_refused",), "outcome_set", "second", ("high", *CALM)),
    (MOVABLE, "redirected", "owner", EVERY),
    ((*OWNED, *WAITING), "redirected", "system", EVERY),
    (HANDED_ON, "closed", "system", EVERY),
    (OWNED, "merged", "owner", EVERY),
    ((*OWNED, *WAITING, *HANDED_ON), "merged", "system", EVERY),
    ((*OWNED, *WAITING), "entered_in_error", "second", EVERY),
    (AFTER_CONTACT, "acknowledged", "system", EVERY),
    (("closed",), "reopened", "system", EVERY),
)
OLD_TRANSITIONS = (
    ("created", "routed", "system"),
    ("routed", "seen", "receiver"),
    ("routed", "acknowledged", "receiver"),
    ("seen", "acknowledged", "receiver"),
    ("acknowledged", "contacted", "receiver"),
    ("acknowledged", "redirected", "receiver"),
    ("acknowledged", "closed", "receiver"),
    ("contacted", "redirected", "receiver"),
    ("contacted", "closed", "receiver"),
    ("contacted", "acknowledged", "system"),
    ("redirected", "closed", "system"),
)
OUTCOMES = (
    "supported",
    "support_continues_at_school",
    "no_need_found",
    "family_refused",
    "handed_over",
    "merged",
    "entered_in_error",
)
ROLES = (
    "student",
    "guardian",
    "psychologist",
    "social_pedagogue",
    "deputy_director",
    "psc_specialist",
    "psc_supervisor",
    "regional_coordinator",
    "national_duty",
    "methodologist",
    "observer",
    "administrator",
)


def listed(words: Iterable[str]) -> str:
    """The words as SQL has them in a list."""
    return ", ".join(f"'{word}'" for word in words)


# Table, name, the new condition and the one of before.
CHECKS = (
    ("accounts", "role_known", f"role IN ({listed(ROLES)})",
     f"role IN ({listed(role for role in ROLES if role != 'national_duty')})"),
    ("referrals", "state_known", f"state IN ({listed(STATES)})",
     f"state IN ({listed(OLD_STATES)})"),
    ("referrals", "outcome_known", f"outcome IN ({listed(OUTCOMES)})",
     f"outcome IN ({listed(word for word in OUTCOMES if word != 'merged')})"),
    ("referrals", "owned_once_acknowledged",
     f"state NOT IN ({listed(OWNED)}) OR owner_id IS NOT NULL",
     "state NOT IN ('acknowledged', 'contacted', 'redirected') OR owner_id IS NOT NULL"),
    ("referrals", "closed_with_outcome",
     f"(state IN ({listed(TERMINAL)})) = (closed_at IS NOT NULL)"
     f" AND (state IN ({listed(TERMINAL)}) OR state = 'outcome_set') = (outcome IS NOT NULL)",
     "(state = 'closed') = (closed_at IS NOT NULL) AND (state = 'closed') = (outcome IS NOT NULL)"),
    ("referral_events", "from_state_known", f"from_state IN ({listed(STATES)})",
     f"from_state IN ({listed(OLD_STATES)})"),
    ("referral_events", "to_state_known", f"to_state IN ({listed(STATES)})",
     f"to_state IN ({listed(OLD_STATES)})"),
    ("referral_events", "actor_kind_known",
     "actor_kind IN ('system', 'receiver', 'owner', 'second', 'sender')",
     "actor_kind IN ('system', 'receiver')"),
    ("referral_events", "closed_with_outcome",
     f"(to_state IN ({listed(TERMINAL)}) OR to_state = 'outcome_set') = (outcome IS NOT NULL)",
     "(to_state = 'closed') = (outcome IS NOT NULL)"),
    ("referral_events", "people_say_why",
     "actor_kind = 'system' OR note_sealed IS NOT NULL"
     " OR to_state IN ('delivered', 'seen', 'acknowledged')",
     "actor_kind = 'system' OR to_state NOT IN ('contacted', 'redirected', 'closed')"
     " OR note_sealed IS NOT NULL"),
    ("deliveries", "channel_known", f"channel IN ({CHANNELS})", "channel IN ('mail')"),
    ("deliveries", "result_known", "result IN ('accepted', 'failed', 'refused')",
     "result IN ('accepted', 'failed')"),
)  # fmt: skip
NEW_CHECKS = (
    (
        "referrals",
        "unowned_until_acknowledged",
        f"state NOT IN ({listed(UNOWNED)}) OR owner_id IS NULL",
    ),
    ("referrals", "merged_into_a_leg", "(state = 'merged') = (merged_into_id IS NOT NULL)"),
    (
        "referrals",
        "triage_level_known",
        f"triage_level IS NULL OR triage_level IN ({listed(EVERY)})",
    ),
    ("outbox", "channel_known", f"channel IN ({CHANNELS})"),
    ("outbox", "condition_known", "condition IS NULL OR condition = 'unseen'"),
    ("outbox", "dropped_is_done", "dropped_at IS NULL OR done_at IS NOT NULL"),
    ("outbox", "one_addressee", "num_nonnulls(account_id, endpoint_id, authority_id) = 1"),
    ("outbox", "about_one_thing", "num_nonnulls(referral_id, notice_id, drill_id) = 1"),
)

# What the application may do with the new tables; nothing is ever deleted.
MAY_READ_AND_ADD = (
    "duty_shifts",
    "duty_posts",
    "authorities",
    "endpoints",
    "providers",
    "conflicts",
    "approvals",
    "assessment_notes",
    "contact_attempts",
    "outcome_notes",
    "plans",
    "legal_decisions",
    "deadlines",
    "alarm_answers",
    "breaches",
    "receipts",
    "sweeps",
    "drills",
)
MAY_CHANGE = {
    "support_centers": "is_full, keeps_roster",
    "accounts": "phone_sealed",
    "duty_shifts": "starts_at, ends_at, is_deputy",
    "duty_posts": "account_id",
    "authorities": "name_kk, name_ru, email, language",
    "endpoints": "url, secret_sealed, token_hash, is_active",
    "providers": "weight, changed_at",
    "approvals": "decided_by, decided_at, is_approved, decision_sealed",
    "deadlines": "due_at, fired_at",
    "sweeps": "last_ok_at, last_count, total",
    "drills": "escalated_at, answered_at, answered_by",
    "deliveries": "provider, provider_reference",
    "outbox": "dropped_at, stuck_owner_id",
}
MAY_DELETE = ("duty_shifts", "duty_posts")
APPEND_ONLY = (
    "conflicts",
    "assessment_notes",
    "contact_attempts",
    "outcome_notes",
    "plans",
    "legal_decisions",
    "alarm_answers",
    "breaches",
    "receipts",
)

# Anybody who is named as possibly harming the child, and where they work, is out of it.
IS_OUT = """
CREATE FUNCTION conflict_keeps_out(student uuid, account uuid) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM conflicts k JOIN accounts a ON a.id = account
        WHERE k.student_id = student AND (k.account_id = account
            OR k.at_school_id = a.school_id OR k.support_center_id = a.support_center_id))
$$
"""
# The same question for a whole view, as row-level security asks it.
SCOPE_IS_OUT = """
CREATE FUNCTION scope_is_out(student uuid) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM conflicts k WHERE k.student_id = student
        AND (k.at_school_id = scope_id() OR k.support_center_id = scope_id()))
$$
"""
# Routing must know conflicts that the transaction itself may not see.
CONFLICTS_OF = """
CREATE FUNCTION conflicts_of(student uuid)
RETURNS TABLE (kind text, at_school_id uuid, support_center_id uuid, account_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.kind, k.at_school_id, k.support_center_id, k.account_id
    FROM conflicts k WHERE k.student_id = student
$$
"""
# A school that a child has moved to sees the open case, signals and steps of before included.
SCHOOL_HAS_CASE = """
CREATE FUNCTION school_has_case(student uuid) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM cases c WHERE c.student_id = student
        AND c.school_id = scope_id() AND c.closed_at IS NULL)
$$
"""
# How full a PSC is, whoever asks; it stops counting once the answer is known.
CENTER_IS_FULL = """
CREATE FUNCTION center_is_full(center uuid) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.is_full OR c.daily_capacity IS NOT NULL AND (
        SELECT count(*) FROM (SELECT FROM referrals r WHERE r.support_center_id = c.id
            AND r.created_at >= date_trunc('day', now() AT TIME ZONE 'Asia/Almaty')
                AT TIME ZONE 'Asia/Almaty'
            LIMIT c.daily_capacity) AS today) >= c.daily_capacity
    FROM support_centers c WHERE c.id = center
$$
"""
# A child moves; what is open about it moves along, with its clocks as they are.
MOVE_STUDENT = """
CREATE FUNCTION move_student(student uuid, school uuid, classroom uuid, code text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF scope_kind() <> 'system' THEN
        RAISE EXCEPTION 'not for this scope' USING ERRCODE = 'TK003';
    END IF;
    PERFORM 1 FROM cases WHERE student_id = student AND closed_at IS NULL FOR UPDATE;
    UPDATE students SET school_id = school, classroom_id = classroom, school_code = code,
        left_at = NULL WHERE id = student;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such pupil' USING ERRCODE = 'TK003';
    END IF;
    UPDATE cases SET school_id = school WHERE student_id = student AND closed_at IS NULL;
    UPDATE referrals SET school_id = school WHERE student_id = student AND closed_at IS NULL;
END $$
"""

# The heir of a post that somebody has left, or that the child has left behind, may work on.
MAY_WORK_ON = """
CREATE OR REPLACE FUNCTION may_work_on(leg referrals, account uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT account = leg.owner_id
        OR EXISTS (SELECT FROM accounts a WHERE a.id = account AND a.role = 'psc_supervisor')
        OR NOT EXISTS (SELECT FROM accounts o WHERE o.id = leg.owner_id AND o.is_active
            AND (CASE leg.receiver WHEN 'support_center'
                THEN o.support_center_id = leg.support_center_id
                ELSE o.school_id = leg.school_id END))
$$
"""

# Who may take a step in which role; raises when this person may not.
CHECK_ACTOR = """
CREATE FUNCTION check_referral_actor(leg referrals, account uuid, kind text, approval uuid)
RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE who accounts%ROWTYPE; proposer accounts%ROWTYPE;
BEGIN
    SELECT * INTO who FROM accounts WHERE id = account AND is_active;
    IF NOT FOUND OR conflict_keeps_out(leg.student_id, account) THEN
        RAISE EXCEPTION 'not at the receiver' USING ERRCODE = 'TK003';
    END IF;
    IF kind = 'sender' THEN
        IF who.school_id IS DISTINCT FROM leg.school_id
            OR who.role NOT IN ('psychologist', 'social_pedagogue') THEN
            RAISE EXCEPTION 'not the sender' USING ERRCODE = 'TK003';
        END IF;
        RETURN;
    END IF;
    IF NOT (CASE leg.receiver
        WHEN 'support_center' THEN who.support_center_id = leg.support_center_id
            AND who.role IN ('psc_specialist', 'psc_supervisor')
        ELSE who.school_id = leg.school_id AND (who.role = 'psychologist'
            OR kind = 'second' AND who.role = 'social_pedagogue') END) THEN
        RAISE EXCEPTION 'not at the receiver' USING ERRCODE = 'TK003';
    END IF;
    IF kind IN ('receiver', 'owner') AND leg.owner_id IS NOT NULL
        AND NOT may_work_on(leg, account) THEN
        RAISE EXCEPTION 'somebody else owns it' USING ERRCODE = 'TK003';
    END IF;
    IF kind = 'second' THEN
        SELECT a.* INTO proposer FROM accounts a WHERE a.id = COALESCE(
            (SELECT proposed_by FROM approvals WHERE id = approval),
            (SELECT e.account_id FROM referral_events e WHERE e.referral_id = leg.id
                AND e.to_state = leg.state AND e.from_state <> e.to_state
                ORDER BY e.seq DESC LIMIT 1));
        -- Nobody reads their own proposal a second time, and at a PSC the supervisor does.
        IF proposer.id IS NULL OR proposer.id = account OR (leg.receiver = 'support_center'
            AND who.role <> 'psc_supervisor' AND proposer.role <> 'psc_supervisor') THEN
            RAISE EXCEPTION 'a second person is needed' USING ERRCODE = 'TK003';
        END IF;
    END IF;
END $$
"""

# What must be written down before a step: attempts, sections, plans, outcomes, approvals.
CHECK_STEP = """
CREATE FUNCTION check_referral_step(leg referrals, step referral_events)
RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE since smallint; target referrals%ROWTYPE; missing text;
BEGIN
    SELECT COALESCE(max(seq), 0) INTO since FROM referral_events
        WHERE referral_id = leg.id AND to_state = 'acknowledged' AND from_state <> to_state;
    IF step.to_state = 'triaged' AND (step.triage_level IS NULL
        OR level_rank(step.triage_level) < level_rank(leg.level) AND NOT EXISTS (
            SELECT FROM approvals p WHERE p.id = step.approval_id AND p.referral_id = leg.id
            AND p.kind = 'downgrade' AND p.is_approved AND p.level = step.triage_level)) THEN
        missing := 'a second reader for the lower level';
    ELSIF step.to_state = 'contacted' AND NOT EXISTS (SELECT FROM contact_attempts c
        WHERE c.referral_id = leg.id AND c.reached AND c.person = 'child'
        AND c.version >= since) THEN
        missing := 'a talk with the child';
    ELSIF step.to_state = 'unreachable' AND (SELECT count(*) FROM contact_attempts c
        WHERE c.referral_id = leg.id AND NOT c.reached AND c.version >= since) < 3 THEN
        missing := 'three attempts in vain';
    ELSIF step.to_state = 'assessed' AND (SELECT count(DISTINCT section) FROM assessment_notes n
        WHERE n.referral_id = leg.id) < 5 THEN
        missing := 'every part of the assessment';
    ELSIF (step.to_state = 'planned' OR (step.from_state, step.to_state) = ('review', 'in_support'))
        AND NOT EXISTS (SELECT FROM plans p WHERE p.referral_id = leg.id AND p.seq = step.seq
            AND p.next_on > p.created_at::date) THEN
        missing := 'a plan with a next date';
    ELSIF step.to_state = 'outcome_set' AND NOT EXISTS (SELECT FROM outcome_notes o
        WHERE o.referral_id = leg.id AND o.seq = step.seq AND o.outcome = step.outcome) THEN
        missing := 'what the referral ends with';
    ELSIF (step.from_state = 'family_refused' AND step.to_state = 'outcome_set'
            AND step.outcome <> 'family_refused')
        OR (step.to_state = 'closed' AND step.outcome IS DISTINCT FROM
            CASE leg.state WHEN 'outcome_set' THEN leg.outcome ELSE 'handed_over' END)
        OR (step.to_state IN ('merged', 'entered_in_error') AND step.outcome <> step.to_state) THEN
        missing := 'the outcome that belongs to this step';
    ELSIF step.to_state = 'entered_in_error' AND NOT EXISTS (SELECT FROM approvals p
        WHERE p.id = step.approval_id AND p.referral_id = leg.id AND p.kind = 'entered_in_error'
        AND p.is_approved AND p.decided_by = step.account_id) THEN
        missing := 'two people';
    ELSIF step.to_state = 'reopened' AND (leg.closed_at < now() - interval '90 days'
        OR leg.outcome = 'handed_over' OR num_nulls(step.seen_due_at, step.acknowledge_due_at,
            step.contact_due_at) > 0) THEN
        missing := 'a recent end and new clocks';
    END IF;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'not yet: %', missing USING ERRCODE = 'TK002';
    END IF;
    IF step.to_state = 'merged' THEN
        SELECT * INTO target FROM referrals WHERE id = step.merged_into_id;
        IF target.id IS NULL OR target.id = leg.id OR target.case_id <> leg.case_id
            OR target.closed_at IS NOT NULL OR target.state IN ('redirected', 'declined_by_receiver')
            OR level_rank(target.level) < level_rank(leg.level)
            OR target.contact_due_at > leg.contact_due_at AND target.contacted_at IS NULL
            OR target.acknowledge_due_at > leg.acknowledge_due_at
                AND target.acknowledged_at IS NULL THEN
            RAISE EXCEPTION 'a merge lowers no level and resets no clock' USING ERRCODE = 'TK002';
        END IF;
    END IF;
END $$
"""

APPLY_EVENT = """
CREATE OR REPLACE FUNCTION apply_referral_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE leg referrals%ROWTYPE; kept text[]; dropped text[]; again boolean;
    anew boolean;
BEGIN
    SELECT * INTO leg FROM referrals WHERE id = NEW.referral_id FOR UPDATE;
    IF NOT FOUND OR leg.student_id <> NEW.student_id OR leg.school_id <> NEW.school_id THEN
        RAISE EXCEPTION 'no such referral' USING ERRCODE = 'TK003';
    END IF;
    IF NEW.seq <> leg.version + 1 OR NEW.from_state <> leg.state THEN
        RAISE EXCEPTION 'the referral has moved on' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.from_state = NEW.to_state THEN
        -- A further signal joins an open leg; it moves nothing else.
        IF NEW.actor_kind <> 'system' OR NEW.reason_code <> 'signal_added'
            OR leg.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'no such transition' USING ERRCODE = 'TK002';
        END IF;
    ELSIF NOT EXISTS (SELECT FROM referral_transitions t WHERE t.from_state = NEW.from_state
        AND t.to_state = NEW.to_state AND t.actor_kind = NEW.actor_kind
        AND t.level = leg.level) THEN
        RAISE EXCEPTION 'no such transition' USING ERRCODE = 'TK002';
    ELSE
        PERFORM check_referral_step(leg, NEW);
    END IF;
    IF NEW.actor_kind <> 'system' THEN
        PERFORM check_referral_actor(leg, NEW.account_id, NEW.actor_kind, NEW.approval_id);
    END IF;
    -- The clock of a talk that was held begins anew with a new signal.
    again := NEW.to_state = 'acknowledged' AND leg.contacted_at IS NOT NULL;
    -- A signal that joins a reopened leg does not reopen it once more.
    anew := NEW.to_state = 'reopened' AND NEW.from_state <> 'reopened';
    UPDATE referrals SET
        state = NEW.to_state,
        version = NEW.seq,
        owner_id = CASE
            WHEN NEW.to_state = 'reopened' THEN NULL
            WHEN NEW.to_state = 'acknowledged' AND NEW.actor_kind = 'receiver' THEN NEW.account_id
            ELSE owner_id END,
        -- I12: a signal may raise the level and bring a clock forward, never the reverse.
        level = CASE WHEN level_rank(NEW.level) > level_rank(level) THEN NEW.level
            ELSE level END,
        triage_level = CASE WHEN NEW.to_state = 'triaged' THEN NEW.triage_level
            WHEN NEW.to_state IN ('acknowledged', 'reopened') THEN NULL ELSE triage_level END,
        seen_due_at = CASE WHEN anew THEN NEW.seen_due_at
            ELSE LEAST(seen_due_at, NEW.seen_due_at) END,
        acknowledge_due_at = CASE WHEN anew THEN NEW.acknowledge_due_at
            ELSE LEAST(acknowledge_due_at, NEW.acknowledge_due_at) END,
        contact_due_at = CASE WHEN again OR anew
            THEN COALESCE(NEW.contact_due_at, contact_due_at)
            ELSE LEAST(contact_due_at, NEW.contact_due_at) END,
        delivered_at = CASE WHEN NEW.to_state = 'reopened' THEN NULL
            WHEN NEW.to_state IN ('delivered', 'seen', 'acknowledged')
            THEN COALESCE(delivered_at, now()) ELSE delivered_at END,
        seen_at = CASE WHEN NEW.to_state = 'reopened' THEN NULL
            WHEN NEW.to_state IN ('seen', 'acknowledged')
            THEN COALESCE(seen_at, now()) ELSE seen_at END,
        acknowledged_at = CASE WHEN NEW.to_state = 'reopened' THEN NULL
            WHEN NEW.to_state = 'acknowledged'
            THEN COALESCE(acknowledged_at, now()) ELSE acknowledged_at END,
        contacted_at = CASE WHEN NEW.to_state = 'contacted' THEN now()
            WHEN NEW.to_state IN ('acknowledged', 'reopened') THEN NULL ELSE contacted_at END,
        closed_at = CASE WHEN NEW.to_state IN ('closed', 'merged', 'entered_in_error') THEN now()
            ELSE NULL END,
        outcome = NEW.outcome,
        merged_into_id = NEW.merged_into_id
    WHERE id = leg.id;
    -- Which promises this step keeps, and which clocks do not run here any more.
    kept := CASE NEW.to_state
        WHEN 'seen' THEN ARRAY['seen']
        WHEN 'acknowledged' THEN ARRAY['seen', 'acknowledged']
        WHEN 'contacted' THEN ARRAY['contact']
        WHEN 'assessed' THEN ARRAY['assessment']
        WHEN 'planned' THEN ARRAY['plan']
        WHEN 'review' THEN ARRAY['review']
        WHEN 'outcome_set' THEN ARRAY['contact', 'assessment', 'plan', 'review']
        WHEN 'closed' THEN CASE WHEN leg.state = 'outcome_set' THEN ARRAY['review'] END END;
    dropped := CASE
        WHEN NEW.to_state IN ('redirected', 'declined_by_receiver', 'closed', 'merged',
            'entered_in_error') THEN ARRAY['seen', 'acknowledged', 'contact', 'assessment',
            'plan', 'review']
        WHEN NEW.to_state = 'family_refused' OR again
            THEN ARRAY['assessment', 'plan', 'review'] END;
    IF NEW.from_state <> NEW.to_state THEN
        UPDATE deadlines SET met_at = now() WHERE referral_id = leg.id AND met_at IS NULL
            AND ended_at IS NULL AND clock = ANY (kept);
        -- The round that this step itself began runs on.
        UPDATE deadlines SET ended_at = now() WHERE referral_id = leg.id AND met_at IS NULL
            AND ended_at IS NULL AND clock = ANY (dropped) AND cycle < NEW.seq;
    END IF;
    -- Those before are relieved only when the next receiver has acknowledged.
    IF NEW.to_state = 'acknowledged' AND leg.parent_id IS NOT NULL THEN
        INSERT INTO referral_events (referral_id, student_id, school_id, seq, from_state,
            to_state, actor_kind, reason_code, outcome, rule_version)
        WITH RECURSIVE line AS (
            SELECT p.* FROM referrals p WHERE p.id = leg.parent_id
            UNION ALL SELECT p.* FROM referrals p JOIN line ON p.id = line.parent_id)
        SELECT p.id, p.student_id, p.school_id, p.version + 1, p.state, 'closed', 'system',
            'next_leg_acknowledged', 'handed_over', NEW.rule_version
        FROM line p WHERE p.state IN ('redirected', 'declined_by_receiver');
    END IF;
    IF NEW.to_state IN ('closed', 'merged', 'entered_in_error') THEN
        UPDATE cases SET closed_at = now() WHERE id = leg.case_id AND closed_at IS NULL
            AND NOT EXISTS (SELECT FROM referrals r WHERE r.case_id = leg.case_id
                AND r.closed_at IS NULL);
    ELSIF NEW.to_state = 'reopened' THEN
        UPDATE cases SET closed_at = NULL WHERE id = leg.case_id;
    END IF;
    RETURN NULL;
END $$
"""

NEW_LEG = """
CREATE OR REPLACE FUNCTION referral_begins_created() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent referrals%ROWTYPE;
BEGIN
    IF NEW.state <> 'created' OR NEW.version <> 0 OR NEW.owner_id IS NOT NULL
        OR NEW.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a referral begins as created' USING ERRCODE = 'TK002';
    END IF;
    -- I14: who is named as possibly harming the child is never sent anything about it.
    IF EXISTS (SELECT FROM conflicts k WHERE k.student_id = NEW.student_id AND CASE NEW.receiver
        WHEN 'support_center' THEN k.support_center_id = NEW.support_center_id
        ELSE k.at_school_id = NEW.school_id END) THEN
        RAISE EXCEPTION 'a conflict of interest' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.parent_id IS NOT NULL THEN
        SELECT * INTO parent FROM referrals WHERE id = NEW.parent_id;
        IF parent.case_id <> NEW.case_id OR parent.student_id <> NEW.student_id
            OR parent.school_id <> NEW.school_id
            OR parent.state NOT IN ('redirected', 'declined_by_receiver') THEN
            RAISE EXCEPTION 'a new leg follows a redirected one of the same child'
                USING ERRCODE = 'TK002';
        END IF;
        IF level_rank(NEW.level) < level_rank(parent.level)
            OR NEW.seen_due_at > parent.seen_due_at
            OR NEW.acknowledge_due_at > parent.acknowledge_due_at
            OR NEW.contact_due_at > parent.contact_due_at THEN
            RAISE EXCEPTION 'a redirect lowers no level and resets no clock'
                USING ERRCODE = 'TK002';
        END IF;
    END IF;
    -- A new leg opens a case again that ended not long ago.
    UPDATE cases SET closed_at = NULL WHERE id = NEW.case_id
        AND closed_at > now() - interval '90 days';
    IF EXISTS (SELECT FROM cases WHERE id = NEW.case_id AND closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this case ended long ago' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""

REDIRECT_HAS_LEG = """
CREATE OR REPLACE FUNCTION redirect_has_next_leg() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.to_state IN ('redirected', 'declined_by_receiver') AND NOT EXISTS (
        SELECT FROM referrals r WHERE r.parent_id = NEW.referral_id AND r.state <> 'created')
        AND EXISTS (SELECT FROM referrals r WHERE r.id = NEW.referral_id
            AND r.closed_at IS NULL) THEN
        RAISE EXCEPTION 'redirected to nobody' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""

# I8: an open leg has a clock that runs or that rang, and nobody's leg has its whole ladder.
LEG_HAS_CLOCK = """
CREATE FUNCTION leg_has_clock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE leg referrals%ROWTYPE; is_unowned boolean;
BEGIN
    SELECT * INTO leg FROM referrals WHERE id = NEW.referral_id;
    IF leg.closed_at IS NOT NULL OR leg.state IN ('redirected', 'declined_by_receiver') THEN
        RETURN NULL;
    END IF;
    is_unowned := leg.owner_id IS NULL;
    IF NOT EXISTS (SELECT FROM deadlines d WHERE d.referral_id = leg.id AND d.met_at IS NULL
            AND d.ended_at IS NULL AND (NOT is_unowned OR d.clock = 'acknowledged'
                AND d.rung = 0 AND d.due_at <= leg.acknowledge_due_at))
        OR is_unowned AND NOT EXISTS (SELECT FROM deadlines d WHERE d.referral_id = leg.id
            AND d.met_at IS NULL AND d.ended_at IS NULL AND d.clock = 'acknowledged'
            AND d.is_breach) THEN
        RAISE EXCEPTION 'an open referral without a clock' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""
NOTICE_HAS_CLOCK = """
CREATE FUNCTION notice_has_clock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM deadlines d WHERE d.notice_id = NEW.id AND d.rung = 0
        AND d.due_at <= NEW.due_at) THEN
        RAISE EXCEPTION 'a notice without a clock' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""
NOTICE_ONCE = """
CREATE OR REPLACE FUNCTION notice_is_confirmed_once() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.confirmed_at IS NOT NULL THEN
        RAISE EXCEPTION 'this notice has been confirmed' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.confirmed_at IS NOT NULL THEN
        IF conflict_keeps_out(NEW.student_id, NEW.confirmed_by) THEN
            RAISE EXCEPTION 'a conflict of interest' USING ERRCODE = 'TK003';
        END IF;
        UPDATE deadlines SET met_at = now() WHERE notice_id = NEW.id AND met_at IS NULL;
    END IF;
    RETURN NEW;
END $$
"""
# Clocks only come nearer; what has happened to one stays; and the moment is the database's own.
DEADLINE_FORWARD = """
CREATE FUNCTION deadline_only_nearer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a deadline stays' USING ERRCODE = 'TK001';
    END IF;
    IF NEW.due_at > OLD.due_at
        OR (to_jsonb(NEW) - 'due_at' - 'met_at' - 'ended_at' - 'fired_at')
            IS DISTINCT FROM (to_jsonb(OLD) - 'due_at' - 'met_at' - 'ended_at' - 'fired_at')
        OR OLD.met_at IS NOT NULL AND NEW.met_at IS DISTINCT FROM OLD.met_at
        OR OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at
        OR OLD.fired_at IS NOT NULL AND (NEW.fired_at IS DISTINCT FROM OLD.fired_at
            OR NEW.due_at <> OLD.due_at)
        OR OLD.fired_at IS NULL AND NEW.fired_at IS NOT NULL
            AND num_nonnulls(OLD.met_at, OLD.ended_at) > 0 THEN
        RAISE EXCEPTION 'a clock is neither reset nor rung twice' USING ERRCODE = 'TK002';
    END IF;
    IF OLD.fired_at IS NULL AND NEW.fired_at IS NOT NULL THEN
        NEW.fired_at := now();
    END IF;
    RETURN NEW;
END $$
"""
# A breach is the record of a last rung that rang.
BREACH_RANG = """
CREATE FUNCTION breach_is_of_a_rung_that_rang() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM deadlines d WHERE d.id = NEW.deadline_id AND d.is_breach
        AND d.fired_at IS NOT NULL) THEN
        RAISE EXCEPTION 'no breach without its alarm' USING ERRCODE = 'TK002';
    END IF;
    RETURN NULL;
END $$
"""
RANG_IS_BREACH = """
CREATE FUNCTION last_rung_leaves_a_breach() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- One that rang before it was carried on left its record where it rang.
    IF NEW.is_breach AND OLD.fired_at IS NULL AND NEW.fired_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM breaches b WHERE b.deadline_id = NEW.id) THEN
        RAISE EXCEPTION 'a last rung leaves a record' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""
APPROVAL_ONCE = """
CREATE FUNCTION approval_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.decided_at IS NOT NULL OR TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'this proposal has been decided' USING ERRCODE = 'TK002';
    END IF;
    NEW.decided_at := now();
    RETURN NEW;
END $$
"""
DRILL_ONCE = """
CREATE FUNCTION drill_is_answered_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answered_at IS NOT NULL THEN
        RAISE EXCEPTION 'this drill has been answered' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.answered_by IS NOT NULL THEN
        NEW.answered_at := now();
    END IF;
    RETURN NEW;
END $$
"""

FUNCTIONS = (
    IS_OUT,
    SCOPE_IS_OUT,
    CONFLICTS_OF,
    SCHOOL_HAS_CASE,
    CENTER_IS_FULL,
    MOVE_STUDENT,
    MAY_WORK_ON,
    CHECK_ACTOR,
    CHECK_STEP,
    APPLY_EVENT,
    NEW_LEG,
    REDIRECT_HAS_LEG,
    LEG_HAS_CLOCK,
    NOTICE_HAS_CLOCK,
    NOTICE_ONCE,
    DEADLINE_FORWARD,
    BREACH_RANG,
    RANG_IS_BREACH,
    APPROVAL_ONCE,
    DRILL_ONCE,
)
TRIGGERS = (
    ("deadlines_nearer", "BEFORE UPDATE OR DELETE ON deadlines", "deadline_only_nearer"),
    ("breaches_rang", "AFTER INSERT ON breaches", "breach_is_of_a_rung_that_rang"),
    ("approvals_once", "BEFORE UPDATE OR DELETE ON approvals", "approval_is_decided_once"),
    ("drills_once", "BEFORE UPDATE ON drills", "drill_is_answered_once"),
)
DEFERRED = (
    ("referral_events_have_clock", "AFTER INSERT ON referral_events", "leg_has_clock"),
    ("notices_have_clock", "AFTER INSERT ON notices", "notice_has_clock"),
    ("deadlines_leave_breach", "AFTER UPDATE ON deadlines", "last_rung_leaves_a_breach"),
)

SYSTEM = "scope_kind() = 'system'"
STUDENT = "(scope_kind() = 'student' AND student_id = scope_id())"
SCHOOL = (
    "(scope_kind() = 'school' AND (school_id = scope_id() OR school_has_case(student_id))"
    " AND NOT scope_is_out(student_id))"
)
CENTER = (
    "(scope_kind() = 'support_center' AND center_has_student(student_id)"
    " AND NOT scope_is_out(student_id))"
)
OF_OWN_ADMINISTRATION = (
    "(scope_kind() = 'guardian' AND EXISTS (SELECT FROM administrations a"
    " WHERE a.school_year = {0}.school_year AND a.id = {0}.administration_id))"
)
OWN_LEG = (
    "(scope_kind() = 'support_center' AND support_center_id = scope_id()"
    " AND NOT scope_is_out(student_id))"
)
NEXT_LEG = (
    "(scope_kind() = 'support_center' AND parent_id IS NOT NULL AND center_redirects(parent_id)"
    " AND NOT scope_is_out(student_id))"
)
STAFF = (SYSTEM, SCHOOL, STUDENT, CENTER)
POLICIES = {
    "scores": (*STAFF, OF_OWN_ADMINISTRATION.format("scores")),
    "flags": (*STAFF, OF_OWN_ADMINISTRATION.format("flags")),
    "review_tasks": (*STAFF, OF_OWN_ADMINISTRATION.format("review_tasks")),
    "cases": STAFF,
    "signals": STAFF,
    "referrals": (SYSTEM, SCHOOL, STUDENT, OWN_LEG, NEXT_LEG),
    "referral_events": STAFF,
    "notices": STAFF,
}
NEW_POLICIES = dict.fromkeys(
    (
        "approvals",
        "assessment_notes",
        "contact_attempts",
        "outcome_notes",
        "plans",
        "legal_decisions",
        "deadlines",
        "breaches",
    ),
    STAFF,
) | {
    # A school is not told that somebody of its own was named.
    "conflicts": (
        SYSTEM,
        STUDENT,
        CENTER,
        "(scope_kind() = 'school' AND school_id = scope_id() AND kind = 'guardian')",
    )
}
# Who may add rows, where that is not who sees them: a PSC that could write itself a referral would
# see any child, and a school may name its own staff.
ADDERS = {
    "referrals": (SYSTEM, SCHOOL, STUDENT, NEXT_LEG),
    "conflicts": (SYSTEM, CENTER, "(scope_kind() = 'school' AND school_id = scope_id())"),
}
OLD_SCHOOL = "(scope_kind() = 'school' AND school_id = scope_id())"
OLD_CENTER = "(scope_kind() = 'support_center' AND center_has_student(student_id))"
OLD_NEXT_LEG = (
    "(scope_kind() = 'support_center' AND parent_id IS NOT NULL AND center_redirects(parent_id))"
)
OLD_OWN_LEG = "(scope_kind() = 'support_center' AND support_center_id = scope_id())"

# Open legs of before get the clocks that their columns promise; a breach record ends the ladder.
CLOCKS_FOR_OPEN_LEGS = """
INSERT INTO deadlines (id, referral_id, student_id, school_id, clock, cycle, rung, posts,
    is_breach, due_at)
SELECT gen_random_uuid(), r.id, r.student_id, r.school_id, c.clock, 0, c.rung, c.posts,
    c.is_breach, c.due_at
FROM referrals r CROSS JOIN LATERAL (VALUES
    ('seen', 0, '{duty}'::text[], false, r.seen_due_at, r.owner_id IS NULL AND r.seen_at IS NULL),
    ('acknowledged', 0, '{duty}', false, r.acknowledge_due_at, r.owner_id IS NULL),
    ('acknowledged', 1, '{regional_coordinator}', true,
        r.acknowledge_due_at + interval '1 hour', r.owner_id IS NULL),
    ('contact', 0, '{owner}', false, r.contact_due_at, r.contacted_at IS NULL),
    ('assessment', 0, '{owner}', false, now() + interval '7 days', r.state = 'contacted')
) AS c (clock, rung, posts, is_breach, due_at, runs)
WHERE c.runs AND r.closed_at IS NULL AND r.state <> 'redirected'
"""
CLOCKS_FOR_OPEN_NOTICES = """
INSERT INTO deadlines (id, notice_id, student_id, school_id, clock, cycle, rung, posts,
    is_breach, due_at)
SELECT gen_random_uuid(), n.id, n.student_id, n.school_id, 'notice', 0, 0, '{duty}', false,
    n.due_at FROM notices n WHERE n.confirmed_at IS NULL
"""

# What 0003 had, for the way back.
_BEFORE = import_module("tirek.storage.migrations.versions.0003_guards")
OLD_FUNCTIONS = (
    _BEFORE.MAY_WORK_ON,
    _BEFORE.APPLY_EVENT,
    _BEFORE.NEW_LEG,
    _BEFORE.REDIRECT_HAS_LEG,
    _BEFORE.NOTICE_ONCE,
)


def upgrade() -> None:
    """Add tables, rules and views; open referrals of before get clocks."""
    _add_tables()
    _set_checks(is_new=True)
    for function in FUNCTIONS:
        op.execute(function)
    for froms, to_state, actor, levels in TRANSITIONS:
        for from_state in froms:
            for level in levels:
                op.execute(
                    "INSERT INTO referral_transitions (from_state, to_state, actor_kind, level)"
                    f" VALUES ('{from_state}', '{to_state}', '{actor}', '{level}')"
                )
    op.execute(CLOCKS_FOR_OPEN_LEGS)
    op.execute(CLOCKS_FOR_OPEN_NOTICES)
    _grant()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table in (*APPEND_ONLY, "deadlines", "approvals"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for name, when, function in TRIGGERS:
        op.execute(f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {function}()")
    for name, when, function in DEFERRED:
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {name} {when} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    for table in NEW_POLICIES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_scope ON {table}")
    for table, clauses in (POLICIES | NEW_POLICIES).items():
        _policy(table, clauses, ADDERS.get(table, clauses))


def downgrade() -> None:
    """Go back to the shorter machine; refused while a referral is in a state it does not know."""
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_scope ON {table}")
    for table in NEW_POLICIES:
        op.execute(f"DROP POLICY {table}_scope ON {table}")
    for name, when, _ in DEFERRED:
        op.execute(f"DROP TRIGGER {name} ON {when.split()[-1]}")
    op.execute("DELETE FROM referral_transitions")
    for function in OLD_FUNCTIONS:
        op.execute(function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    for name, when, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {when.split()[-1]}")
    for name in (
        "check_referral_step(referrals, referral_events)",
        "check_referral_actor(referrals, uuid, text, uuid)",
        "move_student(uuid, uuid, uuid, text)",
        "school_has_case(uuid)",
        "conflicts_of(uuid)",
        "center_is_full(uuid)",
        "scope_is_out(uuid)",
        "conflict_keeps_out(uuid, uuid)",
        "leg_has_clock()",
        "notice_has_clock()",
        "deadline_only_nearer()",
        "breach_is_of_a_rung_that_rang()",
        "last_rung_leaves_a_breach()",
        "approval_is_decided_once()",
        "drill_is_answered_once()",
    ):
        op.execute(f"DROP FUNCTION {name} CASCADE")
    _set_checks(is_new=False)
    _drop_tables()
    for from_state, to_state, actor in OLD_TRANSITIONS:
        op.execute(
            "INSERT INTO referral_transitions (from_state, to_state, actor_kind)"
            f" VALUES ('{from_state}', '{to_state}', '{actor}')"
        )
    for table, clauses in POLICIES.items():
        before = tuple(
            OLD_SCHOOL
            if one == SCHOOL
            else OLD_CENTER
            if one == CENTER
            else OLD_OWN_LEG
            if one == OWN_LEG
            else OLD_NEXT_LEG
            if one == NEXT_LEG
            else one
            for one in clauses
        )
        adders = (SYSTEM, OLD_SCHOOL, STUDENT, OLD_NEXT_LEG) if table == "referrals" else before
        _policy(table, before, adders)


def _policy(table: str, clauses: Iterable[str], adders: Iterable[str]) -> None:
    op.execute(
        f"CREATE POLICY {table}_scope ON {table} TO tirek_app"
        f" USING ({' OR '.join(clauses)}) WITH CHECK ({' OR '.join(adders)})"
    )


def _set_checks(*, is_new: bool) -> None:
    for table, name, new, before in CHECKS:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name}"
            f" CHECK ({new if is_new else before})"
        )
    for table, name, condition in NEW_CHECKS:
        constraint = f"ck_{table}_{name}"
        if is_new:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({condition})")
        else:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def _grant() -> None:
    for table in MAY_READ_AND_ADD:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tirek_app")
    for table, columns in MAY_CHANGE.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO tirek_app")
    for table in MAY_DELETE:
        op.execute(f"GRANT DELETE ON {table} TO tirek_app")
    for name in ("conflicts_of(uuid)", "move_student(uuid, uuid, uuid, text)"):
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO tirek_app")


def _add_tables() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "providers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "channel IN ('mail', 'sms', 'webhook', 'fhir')", name=op.f("ck_providers_channel_known")
        ),
        sa.CheckConstraint("weight BETWEEN 0 AND 100", name=op.f("ck_providers_weight_is_a_share")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_providers")),
    )
    op.create_table(
        "sweeps",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "last_ok_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sweeps")),
    )
    op.create_table(
        "authorities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_iso", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('guardianship', 'child_rights')", name=op.f("ck_authorities_kind_known")
        ),
        sa.CheckConstraint("language IN ('kk', 'ru')", name=op.f("ck_authorities_language_known")),
        sa.ForeignKeyConstraint(
            ["region_iso"], ["regions.iso"], name=op.f("fk_authorities_region_iso")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorities")),
        sa.UniqueConstraint("region_iso", "kind", name=op.f("uq_authorities_region_iso_kind")),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("support_center_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('webhook', 'fhir')", name=op.f("ck_endpoints_kind_known")),
        sa.ForeignKeyConstraint(
            ["support_center_id"],
            ["support_centers.id"],
            name=op.f("fk_endpoints_support_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_endpoints_token_hash")),
    )
    op.create_index(
        "ix_endpoints_support_center_id", "endpoints", ["support_center_id"], unique=False
    )
    op.create_table(
        "drills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("support_center_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL)",
            name=op.f("ck_drills_answered_by_a_person"),
        ),
        sa.CheckConstraint("answered_at >= started_at", name=op.f("ck_drills_answered_afterwards")),
        sa.CheckConstraint(
            "extract(day FROM month) = 1", name=op.f("ck_drills_month_by_its_first_day")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["accounts.id"], name=op.f("fk_drills_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["support_center_id"], ["support_centers.id"], name=op.f("fk_drills_support_center_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
        sa.UniqueConstraint(
            "support_center_id", "month", name=op.f("uq_drills_support_center_id_month")
        ),
    )
    op.create_table(
        "duty_posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("region_iso", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "(post = 'last_responder') = (region_iso IS NOT NULL)",
            name=op.f("ck_duty_posts_region_of_responder"),
        ),
        sa.CheckConstraint(
            "post IN ('last_responder', 'national_duty')", name=op.f("ck_duty_posts_post_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_duty_posts_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["region_iso"], ["regions.iso"], name=op.f("fk_duty_posts_region_iso")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_posts")),
        sa.UniqueConstraint(
            "post",
            "region_iso",
            "rank",
            name=op.f("uq_duty_posts_post_region_iso_rank"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "duty_shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("support_center_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_duty_shifts_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_duty_shifts_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["support_center_id"],
            ["support_centers.id"],
            name=op.f("fk_duty_shifts_support_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shifts")),
    )
    op.create_index(
        "ix_duty_shifts_center", "duty_shifts", ["support_center_id", "ends_at"], unique=False
    )
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at_school_id", sa.Uuid(), nullable=True),
        sa.Column("support_center_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("named_by", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(kind = 'school_staff') = (at_school_id IS NOT NULL) AND (kind = 'psc_staff') = (support_center_id IS NOT NULL) AND kind IN ('guardian', 'school_staff', 'psc_staff')",
            name=op.f("ck_conflicts_kind_and_place"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_conflicts_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["at_school_id"], ["schools.id"], name=op.f("fk_conflicts_at_school_id")
        ),
        sa.ForeignKeyConstraint(["named_by"], ["accounts.id"], name=op.f("fk_conflicts_named_by")),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_conflicts_school_id")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_conflicts_student_id")
        ),
        sa.ForeignKeyConstraint(
            ["support_center_id"],
            ["support_centers.id"],
            name=op.f("fk_conflicts_support_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
    )
    op.create_index("ix_conflicts_student_id", "conflicts", ["student_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column(
            "proposed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("decision_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'downgrade') = (level IS NOT NULL)",
            name=op.f("ck_approvals_downgrade_to_a_level"),
        ),
        sa.CheckConstraint(
            "kind IN ('downgrade', 'entered_in_error')", name=op.f("ck_approvals_kind_known")
        ),
        sa.CheckConstraint(
            "level IN ('immediate', 'high', 'medium', 'low')", name=op.f("ck_approvals_level_known")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (is_approved IS NULL)",
            name=op.f("ck_approvals_decided_as_a_whole"),
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_approvals_two_people")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["accounts.id"], name=op.f("fk_approvals_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["accounts.id"], name=op.f("fk_approvals_proposed_by")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_approvals_referral_id")
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_approvals_school_id")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_approvals_student_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_referral_id", "approvals", ["referral_id"], unique=False)
    op.create_table(
        "assessment_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "section IN ('safety', 'child_words', 'home', 'school', 'health')",
            name=op.f("ck_assessment_notes_section_known"),
        ),
        sa.CheckConstraint(
            "state IN ('signed', 'waived')", name=op.f("ck_assessment_notes_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_assessment_notes_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_assessment_notes_referral_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_assessment_notes_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_assessment_notes_student_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_notes")),
    )
    op.create_index(
        "ix_assessment_notes_referral_id", "assessment_notes", ["referral_id"], unique=False
    )
    op.create_table(
        "contact_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "channel IN ('in_person', 'phone', 'message', 'home_visit')",
            name=op.f("ck_contact_attempts_channel_known"),
        ),
        sa.CheckConstraint(
            "person IN ('child', 'guardian', 'school')",
            name=op.f("ck_contact_attempts_person_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_contact_attempts_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_contact_attempts_referral_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_contact_attempts_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_contact_attempts_student_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempts")),
    )
    op.create_index(
        "ix_contact_attempts_referral_id", "contact_attempts", ["referral_id"], unique=False
    )
    op.create_table(
        "outcome_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("child_heard", sa.Boolean(), nullable=False),
        sa.Column("repeat_on", sa.Date(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "outcome IN ('supported', 'support_continues_at_school', 'no_need_found', 'family_refused')",
            name=op.f("ck_outcome_notes_outcome_proposable"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_outcome_notes_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_outcome_notes_referral_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_outcome_notes_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_outcome_notes_student_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_notes")),
        sa.UniqueConstraint("referral_id", "seq", name=op.f("uq_outcome_notes_referral_id_seq")),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("child_agrees", sa.Boolean(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_plans_account_id")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_plans_referral_id")
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_plans_school_id")),
        sa.ForeignKeyConstraint(["student_id"], ["students.id"], name=op.f("fk_plans_student_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("referral_id", "seq", name=op.f("uq_plans_referral_id_seq")),
    )
    op.create_table(
        "legal_decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("guardian_consent", sa.Text(), nullable=True),
        sa.Column("assent", sa.Text(), nullable=True),
        sa.Column("may_contact_child", sa.Boolean(), nullable=False),
        sa.Column("may_refer_to_center", sa.Boolean(), nullable=False),
        sa.Column("may_notify_authority", sa.Boolean(), nullable=False),
        sa.Column("may_tell_guardian", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_legal_decisions_case_id")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_legal_decisions_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["signals.id"], name=op.f("fk_legal_decisions_signal_id")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_legal_decisions_student_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_decisions")),
        sa.UniqueConstraint("signal_id", name=op.f("uq_legal_decisions_signal_id")),
    )
    op.create_index("ix_legal_decisions_case_id", "legal_decisions", ["case_id"], unique=False)
    op.create_table(
        "deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("rung", sa.SmallInteger(), nullable=False),
        sa.Column("posts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_breach", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(clock = 'notice') = (notice_id IS NOT NULL)", name=op.f("ck_deadlines_notice_clock")
        ),
        sa.CheckConstraint(
            "clock IN ('seen', 'acknowledged', 'contact', 'assessment', 'plan', 'review', 'notice')",
            name=op.f("ck_deadlines_clock_known"),
        ),
        sa.CheckConstraint("fired_at >= due_at", name=op.f("ck_deadlines_never_early")),
        sa.CheckConstraint(
            "is_breach OR cardinality(posts) > 0 OR rung = 0",
            name=op.f("ck_deadlines_no_empty_rung"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(referral_id, notice_id) = 1", name=op.f("ck_deadlines_of_one_thing")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_deadlines_notice_id")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_deadlines_referral_id")
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_deadlines_school_id")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_deadlines_student_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
        sa.UniqueConstraint("notice_id", "rung", name=op.f("uq_deadlines_notice_id_rung")),
        sa.UniqueConstraint(
            "referral_id",
            "clock",
            "cycle",
            "rung",
            name=op.f("uq_deadlines_referral_id_clock_cycle_rung"),
        ),
    )
    op.create_index(
        "ix_deadlines_running",
        "deadlines",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"),
    )
    op.create_index("ix_deadlines_student_id", "deadlines", ["student_id"], unique=False)
    op.create_table(
        "alarm_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_alarm_answers_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["deadlines.id"], name=op.f("fk_alarm_answers_deadline_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_answers")),
        sa.UniqueConstraint(
            "deadline_id", "account_id", name=op.f("uq_alarm_answers_deadline_id_account_id")
        ),
    )
    op.create_table(
        "breaches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("support_center_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["deadlines.id"], name=op.f("fk_breaches_deadline_id")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_breaches_notice_id")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_breaches_referral_id")
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_breaches_school_id")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_breaches_student_id")
        ),
        sa.ForeignKeyConstraint(
            ["support_center_id"],
            ["support_centers.id"],
            name=op.f("fk_breaches_support_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaches")),
        sa.UniqueConstraint("deadline_id", name=op.f("uq_breaches_deadline_id")),
    )
    op.create_index("ix_breaches_recorded_at", "breaches", ["recorded_at"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('delivered', 'temporary', 'failed')", name=op.f("ck_receipts_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_receipts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("delivery_id", "status", name=op.f("uq_receipts_delivery_id_status")),
    )
    op.add_column("accounts", sa.Column("phone_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("deliveries", sa.Column("provider", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("provider_reference", sa.Text(), nullable=True))
    op.alter_column("deliveries", "account_id", existing_type=sa.UUID(), nullable=True)
    op.create_index("ix_deliveries_reference", "deliveries", ["reference"], unique=False)
    op.create_index("ix_deliveries_started_at", "deliveries", ["started_at"], unique=False)
    op.add_column("notices", sa.Column("sha256", sa.Text(), nullable=True))
    # The words of older notices were not kept; an empty hash says so and matches nothing.
    op.execute("ALTER TABLE notices DISABLE TRIGGER USER")
    op.execute("UPDATE notices SET sha256 = ''")
    op.execute("ALTER TABLE notices ENABLE TRIGGER USER")
    op.alter_column("notices", "sha256", nullable=False)
    op.add_column("outbox", sa.Column("drill_id", sa.Uuid(), nullable=True))
    op.add_column("outbox", sa.Column("deadline_id", sa.Uuid(), nullable=True))
    op.add_column("outbox", sa.Column("endpoint_id", sa.Uuid(), nullable=True))
    op.add_column("outbox", sa.Column("authority_id", sa.Uuid(), nullable=True))
    op.add_column("outbox", sa.Column("channel", sa.Text(), server_default="mail", nullable=False))
    op.add_column("outbox", sa.Column("condition", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("stuck_owner_id", sa.Uuid(), nullable=True))
    op.alter_column("outbox", "account_id", existing_type=sa.UUID(), nullable=True)
    op.create_foreign_key(
        op.f("fk_outbox_stuck_owner_id"), "outbox", "accounts", ["stuck_owner_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_outbox_authority_id"), "outbox", "authorities", ["authority_id"], ["id"]
    )
    op.create_foreign_key(op.f("fk_outbox_drill_id"), "outbox", "drills", ["drill_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_outbox_endpoint_id"), "outbox", "endpoints", ["endpoint_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_outbox_deadline_id"), "outbox", "deadlines", ["deadline_id"], ["id"]
    )
    op.add_column("referral_events", sa.Column("approval_id", sa.Uuid(), nullable=True))
    op.add_column("referral_events", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.add_column("referral_events", sa.Column("triage_level", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_referral_events_approval_id"),
        "referral_events",
        "approvals",
        ["approval_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_referral_events_merged_into_id"),
        "referral_events",
        "referrals",
        ["merged_into_id"],
        ["id"],
    )
    op.execute("DELETE FROM referral_transitions")
    op.add_column("referral_transitions", sa.Column("level", sa.Text(), nullable=False))
    op.drop_constraint("pk_referral_transitions", "referral_transitions")
    op.create_primary_key(
        "pk_referral_transitions",
        "referral_transitions",
        ["from_state", "to_state", "actor_kind", "level"],
    )
    op.add_column("referrals", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("referrals", sa.Column("triage_level", sa.Text(), nullable=True))
    op.add_column("referrals", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_referrals_merged_into_id"), "referrals", "referrals", ["merged_into_id"], ["id"]
    )
    op.add_column(
        "support_centers",
        sa.Column("is_full", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "support_centers",
        sa.Column("keeps_roster", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.alter_column("support_centers", "daily_capacity", nullable=True)
    op.drop_index("ix_referrals_support_center_id", table_name="referrals")
    op.create_index(
        "ix_referrals_support_center_id", "referrals", ["support_center_id", "created_at"]
    )


def _drop_tables() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_column("support_centers", "keeps_roster")
    op.drop_column("support_centers", "is_full")
    op.drop_constraint(op.f("fk_referrals_merged_into_id"), "referrals", type_="foreignkey")
    op.drop_column("referrals", "merged_into_id")
    op.drop_column("referrals", "triage_level")
    op.drop_column("referrals", "delivered_at")
    op.drop_constraint("pk_referral_transitions", "referral_transitions")
    op.drop_column("referral_transitions", "level")
    op.create_primary_key(
        "pk_referral_transitions", "referral_transitions", ["from_state", "to_state", "actor_kind"]
    )
    op.drop_constraint(
        op.f("fk_referral_events_merged_into_id"), "referral_events", type_="foreignkey"
    )
    op.drop_constraint(
        op.f("fk_referral_events_approval_id"), "referral_events", type_="foreignkey"
    )
    op.drop_column("referral_events", "triage_level")
    op.drop_column("referral_events", "merged_into_id")
    op.drop_column("referral_events", "approval_id")
    op.drop_constraint(op.f("fk_outbox_deadline_id"), "outbox", type_="foreignkey")
    op.drop_constraint(op.f("fk_outbox_endpoint_id"), "outbox", type_="foreignkey")
    op.drop_constraint(op.f("fk_outbox_drill_id"), "outbox", type_="foreignkey")
    op.drop_constraint(op.f("fk_outbox_authority_id"), "outbox", type_="foreignkey")
    op.drop_constraint(op.f("fk_outbox_stuck_owner_id"), "outbox", type_="foreignkey")
    op.alter_column("outbox", "account_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("outbox", "stuck_owner_id")
    op.drop_column("outbox", "dropped_at")
    op.drop_column("outbox", "condition")
    op.drop_column("outbox", "channel")
    op.drop_column("outbox", "authority_id")
    op.drop_column("outbox", "endpoint_id")
    op.drop_column("outbox", "deadline_id")
    op.drop_column("outbox", "drill_id")
    op.drop_column("notices", "sha256")
    op.drop_index("ix_deliveries_started_at", table_name="deliveries")
    op.drop_index("ix_deliveries_reference", table_name="deliveries")
    op.alter_column("deliveries", "account_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("deliveries", "provider_reference")
    op.drop_column("deliveries", "provider")
    op.drop_column("accounts", "phone_sealed")
    op.drop_table("receipts")
    op.drop_index("ix_breaches_recorded_at", table_name="breaches")
    op.drop_table("breaches")
    op.drop_table("alarm_answers")
    op.drop_index("ix_deadlines_student_id", table_name="deadlines")
    op.drop_index(
        "ix_deadlines_running",
        table_name="deadlines",
        postgresql_where=sa.text("fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"),
    )
    op.drop_table("deadlines")
    op.drop_index("ix_legal_decisions_case_id", table_name="legal_decisions")
    op.drop_table("legal_decisions")
    op.drop_table("plans")
    op.drop_table("outcome_notes")
    op.drop_index("ix_contact_attempts_referral_id", table_name="contact_attempts")
    op.drop_table("contact_attempts")
    op.drop_index("ix_assessment_notes_referral_id", table_name="assessment_notes")
    op.drop_table("assessment_notes")
    op.drop_index("ix_approvals_referral_id", table_name="approvals")
    op.drop_table("approvals")
    op.drop_index("ix_conflicts_student_id", table_name="conflicts")
    op.drop_table("conflicts")
    op.drop_index("ix_duty_shifts_center", table_name="duty_shifts")
    op.drop_table("duty_shifts")
    op.drop_table("duty_posts")
    op.drop_table("drills")
    op.drop_index("ix_endpoints_support_center_id", table_name="endpoints")
    op.drop_table("endpoints")
    op.drop_table("authorities")
    op.drop_table("sweeps")
    op.drop_table("providers")
    op.execute("UPDATE support_centers SET daily_capacity = 10 WHERE daily_capacity IS NULL")
    op.alter_column("support_centers", "daily_capacity", nullable=False)
    op.drop_index("ix_referrals_support_center_id", table_name="referrals")
    op.create_index("ix_referrals_support_center_id", "referrals", ["support_center_id"])
