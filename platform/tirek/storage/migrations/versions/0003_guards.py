"""Rules that hold whoever writes: append-only rows, immutable parts, states by events only."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TRANSITIONS = (
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
APPEND_ONLY = ("audit_entries", "signals", "flags", "consents", "referral_events", "scores")

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'TK001';
END $$
"""

# Only the status of a release may change, and a part not at all.
IMMUTABLE_RELEASE = """
CREATE FUNCTION refuse_release_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'status' - 'retired_at')
        IS DISTINCT FROM (to_jsonb(OLD) - 'status' - 'retired_at') THEN
        RAISE EXCEPTION 'a published release is immutable' USING ERRCODE = 'TK001';
    END IF;
    RETURN NEW;
END $$
"""

LEVEL_RANK = """
CREATE FUNCTION level_rank(level text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE level WHEN 'immediate' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2
        WHEN 'low' THEN 1 ELSE 0 END
$$
"""

CASE_LEVEL = """
CREATE FUNCTION case_level_only_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF level_rank(NEW.level) < level_rank(OLD.level) THEN
        RAISE EXCEPTION 'a case is never lowered' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""

# An ended administration stays ended, and its answers stay as they were.
ADMINISTRATION_ENDS = """
CREATE FUNCTION administration_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' AND (NEW.state IS DISTINCT FROM OLD.state
        OR NEW.ended_at IS DISTINCT FROM OLD.ended_at) THEN
        RAISE EXCEPTION 'this administration has ended' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
RESPONSE_OPEN = """
CREATE FUNCTION responses_only_while_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The row lock makes answers and the completion of one run follow each other. Not FOR SHARE:
    -- two requests that both answer and complete would each hold what the other waits for.
    PERFORM 1 FROM administrations WHERE school_year = NEW.school_year
        AND id = NEW.administration_id AND state = 'open' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this administration has ended' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""

# Once somebody owns a leg, its steps are theirs: else a supervisor's of the same PSC, else, when
# the owner's account has been switched off, a colleague's.
MAY_WORK_ON = """
CREATE FUNCTION may_work_on(leg referrals, account uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT account = leg.owner_id
        OR EXISTS (SELECT FROM accounts a WHERE a.id = account AND a.role = 'psc_supervisor')
        OR NOT EXISTS (SELECT FROM accounts o WHERE o.id = leg.owner_id AND o.is_active)
$$
"""

# I4, I5, I6: inserting an event is the only way to move a referral.
APPLY_EVENT = """
CREATE FUNCTION apply_referral_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE leg referrals%ROWTYPE;
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
            OR leg.state = 'closed' THEN
            RAISE EXCEPTION 'no such transition' USING ERRCODE = 'TK002';
        END IF;
    ELSIF NOT EXISTS (SELECT FROM referral_transitions t WHERE t.from_state = NEW.from_state
        AND t.to_state = NEW.to_state AND t.actor_kind = NEW.actor_kind) THEN
        RAISE EXCEPTION 'no such transition' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.actor_kind = 'receiver' AND NOT EXISTS (
        SELECT FROM accounts a WHERE a.id = NEW.account_id AND a.is_active AND CASE leg.receiver
            WHEN 'support_center' THEN a.support_center_id = leg.support_center_id
                AND a.role IN ('psc_specialist', 'psc_supervisor')
            ELSE a.school_id = leg.school_id AND a.role = 'psychologist' END) THEN
        RAISE EXCEPTION 'not at the receiver' USING ERRCODE = 'TK003';
    END IF;
    IF NEW.actor_kind = 'receiver' AND leg.owner_id IS NOT NULL
        AND NOT may_work_on(leg, NEW.account_id) THEN
        RAISE EXCEPTION 'somebody else owns it' USING ERRCODE = 'TK003';
    END IF;
    -- "It was a mistake" makes a flag disappear, so a second person must say it.
    IF NEW.actor_kind = 'receiver' AND NEW.outcome IN ('entered_in_error', 'handed_over')
        AND (NEW.outcome = 'handed_over' OR NEW.account_id = leg.owner_id) THEN
        RAISE EXCEPTION 'not an outcome for this person' USING ERRCODE = 'TK002';
    END IF;
    UPDATE referrals SET
        state = NEW.to_state,
        version = NEW.seq,
        owner_id = CASE WHEN NEW.to_state = 'acknowledged'
            THEN COALESCE(NEW.account_id, owner_id) ELSE owner_id END,
        -- I12: a signal may raise the level and bring a clock forward, never the reverse.
        level = CASE WHEN level_rank(NEW.level) > level_rank(level) THEN NEW.level
            ELSE level END,
        seen_due_at = LEAST(seen_due_at, NEW.seen_due_at),
        acknowledge_due_at = LEAST(acknowledge_due_at, NEW.acknowledge_due_at),
        -- A clock that was met begins anew with a new signal.
        contact_due_at = CASE WHEN NEW.from_state = 'contacted' AND NEW.to_state = 'acknowledged'
            THEN COALESCE(NEW.contact_due_at, contact_due_at)
            ELSE LEAST(contact_due_at, NEW.contact_due_at) END,
        seen_at = CASE WHEN NEW.to_state IN ('seen', 'acknowledged')
            THEN COALESCE(seen_at, now()) ELSE seen_at END,
        acknowledged_at = CASE WHEN NEW.to_state = 'acknowledged'
            THEN COALESCE(acknowledged_at, now()) ELSE acknowledged_at END,
        contacted_at = CASE NEW.to_state WHEN 'contacted' THEN now()
            WHEN 'acknowledged' THEN NULL ELSE contacted_at END,
        closed_at = CASE WHEN NEW.to_state = 'closed' THEN now() ELSE closed_at END,
        outcome = CASE WHEN NEW.to_state = 'closed' THEN NEW.outcome ELSE outcome END
    WHERE id = leg.id;
    -- The first receiver is relieved only when the second has acknowledged.
    IF NEW.to_state = 'acknowledged' AND leg.parent_id IS NOT NULL THEN
        INSERT INTO referral_events (referral_id, student_id, school_id, seq, from_state,
            to_state, actor_kind, reason_code, outcome, rule_version)
        SELECT p.id, p.student_id, p.school_id, p.version + 1, p.state, 'closed', 'system',
            'next_leg_acknowledged', 'handed_over', NEW.rule_version
        FROM referrals p WHERE p.id = leg.parent_id AND p.state = 'redirected';
    END IF;
    IF NEW.to_state = 'closed' THEN
        UPDATE cases SET closed_at = now() WHERE id = leg.case_id AND closed_at IS NULL
            AND NOT EXISTS (SELECT FROM referrals r WHERE r.case_id = leg.case_id
                AND r.closed_at IS NULL);
    END IF;
    RETURN NULL;
END $$
"""

# A new leg begins where every leg begins; its state cannot be invented on insert.
NEW_LEG = """
CREATE FUNCTION referral_begins_created() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent referrals%ROWTYPE;
BEGIN
    IF NEW.state <> 'created' OR NEW.version <> 0 OR NEW.owner_id IS NOT NULL
        OR NEW.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a referral begins as created' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.parent_id IS NOT NULL THEN
        SELECT * INTO parent FROM referrals WHERE id = NEW.parent_id;
        IF parent.case_id <> NEW.case_id OR parent.student_id <> NEW.student_id
            OR parent.school_id <> NEW.school_id OR parent.state <> 'redirected' THEN
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
    RETURN NEW;
END $$
"""

# I1: at commit every flag that needs help hangs on a case with a routed referral.
FLAG_HAS_REFERRAL = """
CREATE FUNCTION flag_has_referral() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.level = 'review' THEN
        IF NOT EXISTS (SELECT FROM review_tasks t
            WHERE t.administration_id = NEW.administration_id) THEN
            RAISE EXCEPTION 'a flag without a review task' USING ERRCODE = 'TK004';
        END IF;
    ELSIF NOT EXISTS (SELECT FROM signals s JOIN referrals r ON r.case_id = s.case_id
        WHERE s.flag_id = NEW.id AND r.state <> 'created') THEN
        RAISE EXCEPTION 'a flag without a referral' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""
CASE_HAS_OPEN_LEG = """
CREATE FUNCTION open_case_has_open_leg() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM cases c WHERE c.id = NEW.case_id AND c.closed_at IS NULL)
        AND NOT EXISTS (SELECT FROM referrals r WHERE r.case_id = NEW.case_id
            AND r.closed_at IS NULL AND r.state <> 'created') THEN
        RAISE EXCEPTION 'an open case without an open referral' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""

# A leg that was redirected to nobody would be a lost child.
REDIRECT_HAS_LEG = """
CREATE FUNCTION redirect_has_next_leg() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.to_state = 'redirected' AND NOT EXISTS (SELECT FROM referrals r
        WHERE r.parent_id = NEW.referral_id AND r.state <> 'created') THEN
        RAISE EXCEPTION 'redirected to nobody' USING ERRCODE = 'TK004';
    END IF;
    RETURN NULL;
END $$
"""

# I13: the person who said that a notice was given cannot be exchanged afterwards.
NOTICE_ONCE = """
CREATE FUNCTION notice_is_confirmed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.confirmed_at IS NOT NULL THEN
        RAISE EXCEPTION 'this notice has been confirmed' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS = (
    ("instrument_parts_immutable", "BEFORE UPDATE OR DELETE ON instrument_parts", "refuse_change"),
    (
        "instrument_releases_immutable",
        "BEFORE UPDATE OR DELETE ON instrument_releases",
        "refuse_release_change",
    ),
    ("cases_level", "BEFORE UPDATE OF level ON cases", "case_level_only_rises"),
    ("administrations_end", "BEFORE UPDATE ON administrations", "administration_stays_ended"),
    ("responses_open", "BEFORE INSERT OR UPDATE ON responses", "responses_only_while_open"),
    ("referral_events_apply", "AFTER INSERT ON referral_events", "apply_referral_event"),
    ("referrals_begin", "BEFORE INSERT ON referrals", "referral_begins_created"),
    ("notices_confirmed_once", "BEFORE UPDATE ON notices", "notice_is_confirmed_once"),
)
DEFERRED = (
    ("flags_have_referral", "AFTER INSERT ON flags", "flag_has_referral"),
    ("signals_have_leg", "AFTER INSERT ON signals", "open_case_has_open_leg"),
    ("referral_events_have_leg", "AFTER INSERT ON referral_events", "redirect_has_next_leg"),
)
FUNCTIONS = (
    REFUSE,
    IMMUTABLE_RELEASE,
    LEVEL_RANK,
    CASE_LEVEL,
    ADMINISTRATION_ENDS,
    RESPONSE_OPEN,
    MAY_WORK_ON,
    APPLY_EVENT,
    NEW_LEG,
    FLAG_HAS_REFERRAL,
    CASE_HAS_OPEN_LEG,
    REDIRECT_HAS_LEG,
    NOTICE_ONCE,
)


def upgrade() -> None:
    """Install functions and triggers, and list the transitions."""
    for function in FUNCTIONS:
        op.execute(function)
    for from_state, to_state, actor in TRANSITIONS:
        op.execute(
            "INSERT INTO referral_transitions (from_state, to_state, actor_kind)"
            f" VALUES ('{from_state}', '{to_state}', '{actor}')"
        )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
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


def downgrade() -> None:
    """Remove the triggers with their functions."""
    op.execute("DELETE FROM referral_transitions")
    names = [
        "refuse_change",
        "refuse_release_change",
        "case_level_only_rises",
        "administration_stays_ended",
        "responses_only_while_open",
        "apply_referral_event",
        "referral_begins_created",
        "flag_has_referral",
        "open_case_has_open_leg",
        "redirect_has_next_leg",
        "notice_is_confirmed_once",
        "may_work_on",
    ]
    for name in names:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    op.execute("DROP FUNCTION level_rank(text)")
