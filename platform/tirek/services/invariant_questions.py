"""What is asked of the database about each promise; `services.invariants` asks it.

A question reads whole tables and returns the rows that break the promise. Where a moment is
compared with another one it is for equality or order, so rows that were all moved alike (demo
data, tests that let time pass) answer as before.
"""

from collections.abc import Mapping

# Number -> what is wrong -> a question whose rows name what breaks it.
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "I1": {
        "a flag without a routed referral": """
            SELECT f.id FROM flags f WHERE f.level <> 'review' AND NOT EXISTS (
                SELECT FROM signals s JOIN referrals r ON r.case_id = s.case_id
                WHERE s.flag_id = f.id AND r.state <> 'created')""",
        "a flag without its review task": """
            SELECT f.id FROM flags f WHERE f.level = 'review' AND NOT EXISTS (
                SELECT FROM review_tasks t WHERE t.administration_id = f.administration_id)""",
        "a signal of which no referral has heard": """
            SELECT s.id FROM signals s WHERE NOT EXISTS (
                SELECT FROM referrals r JOIN referral_events e ON e.referral_id = r.id
                WHERE r.case_id = s.case_id AND e.created_at = s.occurred_at
                AND (e.from_state = 'created' OR e.reason_code = 'signal_added'))""",
        "an open case without an open referral": """
            SELECT c.id FROM cases c WHERE c.closed_at IS NULL AND NOT EXISTS (
                SELECT FROM referrals r WHERE r.case_id = c.id AND r.closed_at IS NULL)""",
        "an open referral on a closed case": """
            SELECT r.id FROM referrals r JOIN cases c ON c.id = r.case_id
            WHERE r.closed_at IS NULL AND c.closed_at IS NOT NULL""",
        "a referral that was never routed": "SELECT id FROM referrals WHERE state = 'created'",
        "handed on to nobody": """
            SELECT r.id FROM referrals r WHERE r.state = ANY (:handed_on) AND NOT EXISTS (
                SELECT FROM referrals n WHERE n.parent_id = r.id)""",
    },
    "I2": {
        "two open cases of one child": """
            SELECT student_id FROM cases WHERE closed_at IS NULL
            GROUP BY student_id HAVING count(*) > 1""",
    },
    "I3": {
        "nobody answers for an accepted referral": """
            SELECT id FROM referrals WHERE state = ANY (:owned) AND owner_id IS NULL""",
        "somebody answers for what nobody has accepted": """
            SELECT id FROM referrals WHERE state = ANY (:unowned) AND owner_id IS NOT NULL""",
        "the owner does not work at the receiver": """
            SELECT r.id FROM referrals r JOIN accounts a ON a.id = r.owner_id
            WHERE r.state = ANY (:owned) AND NOT (CASE r.receiver WHEN 'support_center'
                THEN a.role IN ('psc_specialist', 'psc_supervisor')
                    AND a.support_center_id = r.support_center_id
                ELSE a.role = 'psychologist' END)""",
    },
    "I4": {
        "a step without actor, reason or rule": """
            SELECT id FROM referral_events WHERE (actor_kind = 'system') <> (account_id IS NULL)
                OR btrim(reason_code) = '' OR btrim(rule_version) = ''""",
        "a person's step without words": """
            SELECT id FROM referral_events WHERE actor_kind <> 'system' AND note_sealed IS NULL
                AND to_state NOT IN ('delivered', 'seen', 'acknowledged')""",
        "a referral without its rules": """
            SELECT id FROM referrals WHERE btrim(protocol_id) = '' OR btrim(protocol_version) = ''
                OR btrim(route_reason) = ''""",
    },
    "I5": {
        # A level only rises, so an event's own level is today's or, before it rose, a lower one.
        "a step that is not listed": """
            WITH listed AS (SELECT * FROM unnest(CAST(:froms AS text[]), CAST(:tos AS text[]),
                CAST(:actors AS text[]), CAST(:levels AS text[])) AS l(old, new, actor, level))
            SELECT e.id FROM referral_events e JOIN referrals r ON r.id = e.referral_id
            WHERE CASE WHEN e.from_state = e.to_state
                THEN e.actor_kind <> 'system' OR e.reason_code <> 'signal_added'
                ELSE NOT EXISTS (SELECT FROM listed l WHERE l.old = e.from_state
                    AND l.new = e.to_state AND l.actor = e.actor_kind AND (l.level = r.level
                        OR level_rank(l.level) < level_rank(r.level) AND EXISTS (
                            SELECT FROM referral_events n WHERE n.referral_id = e.referral_id
                            AND n.seq >= e.seq AND n.level = r.level))) END""",
        "the database's list is not the domain's": """
            WITH listed AS (SELECT * FROM unnest(CAST(:froms AS text[]), CAST(:tos AS text[]),
                CAST(:actors AS text[]), CAST(:levels AS text[])) AS l(old, new, actor, level))
            SELECT concat_ws('>', COALESCE(l.old, t.from_state), COALESCE(l.new, t.to_state))
            FROM listed l FULL JOIN referral_transitions t ON t.from_state = l.old
                AND t.to_state = l.new AND t.actor_kind = l.actor AND t.level = l.level
            WHERE l.old IS NULL OR t.from_state IS NULL""",
    },
    "I6": {
        "the state is not what the events say": """
            SELECT r.id FROM referrals r LEFT JOIN (
                SELECT referral_id, count(*) AS number, max(seq) AS last, min(seq) AS first,
                    (array_agg(to_state ORDER BY seq DESC))[1] AS state,
                    (array_agg(outcome ORDER BY seq DESC))[1] AS outcome,
                    (array_agg(from_state ORDER BY seq))[1] AS begins
                FROM referral_events GROUP BY referral_id) f ON f.referral_id = r.id
            WHERE COALESCE(f.number, 0) <> r.version OR COALESCE(f.state, 'created') <> r.state
                OR f.number > 0 AND (f.last <> f.number OR f.first <> 1 OR f.begins <> 'created'
                    OR f.outcome IS DISTINCT FROM r.outcome)
                OR (r.state = ANY (:terminal)) <> (r.closed_at IS NOT NULL)""",
        "a step that does not begin where the one before ended": """
            SELECT e.id FROM referral_events e JOIN referral_events p
                ON p.referral_id = e.referral_id AND p.seq = e.seq - 1
            WHERE p.to_state <> e.from_state""",
        "the owner is not who accepted it": """
            SELECT r.id FROM referrals r WHERE r.owner_id IS DISTINCT FROM (
                SELECT e.account_id FROM referral_events e WHERE e.referral_id = r.id
                AND e.to_state = 'acknowledged' AND e.actor_kind = 'receiver'
                AND NOT EXISTS (SELECT FROM referral_events o WHERE o.referral_id = r.id
                    AND o.to_state = 'reopened' AND o.seq > e.seq)
                ORDER BY e.seq DESC LIMIT 1)""",
    },
    "I7": {
        "ended by nobody": """
            SELECT e.id FROM referral_events e JOIN referrals r ON r.id = e.referral_id
            WHERE e.to_state = ANY (:terminal) AND e.actor_kind = 'system' AND NOT CASE e.to_state
                WHEN 'merged' THEN e.merged_into_id IS NOT NULL
                WHEN 'closed' THEN e.outcome = 'handed_over' AND EXISTS (
                    SELECT FROM referral_events a JOIN referrals n ON n.id = a.referral_id
                    WHERE n.case_id = r.case_id AND n.id <> r.id AND a.to_state = 'acknowledged'
                    AND a.actor_kind = 'receiver' AND a.created_at = e.created_at)
                ELSE false END""",
    },
    "I8": {
        "an open referral without a clock": """
            SELECT r.id FROM referrals r WHERE r.closed_at IS NULL
                AND r.state <> ALL (:handed_on) AND NOT EXISTS (
                SELECT FROM deadlines d WHERE d.referral_id = r.id
                AND d.met_at IS NULL AND d.ended_at IS NULL AND (r.owner_id IS NOT NULL
                    OR d.clock = 'acknowledged' AND d.rung = 0
                        AND d.due_at <= r.acknowledge_due_at))""",
        "nobody's referral without its ladder": """
            SELECT r.id FROM referrals r WHERE r.closed_at IS NULL AND r.state = ANY (:unowned)
                AND NOT EXISTS (SELECT FROM deadlines d WHERE d.referral_id = r.id
                AND d.met_at IS NULL AND d.ended_at IS NULL AND d.clock = 'acknowledged'
                AND d.is_breach)""",
        "a clock that ran out and did not ring": """
            SELECT id FROM deadlines
            WHERE GREATEST(due_at, created_at) < now() - CAST(:grace AS interval)
                AND fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL""",
        "a clock that rang before its time": """
            SELECT id FROM deadlines WHERE fired_at < due_at""",
        "a last rung without its record": """
            SELECT d.id FROM deadlines d LEFT JOIN breaches b ON b.deadline_id = d.id
            WHERE d.is_breach AND d.fired_at IS NOT NULL AND d.created_at <= d.fired_at
                AND b.id IS NULL""",
        # Clocks that run round the clock are so many seconds from the database's own moment.
        "a clock that was not set by the database": """
            WITH promised AS (SELECT * FROM unnest(CAST(:promise_levels AS text[]),
                CAST(:promise_clocks AS text[]), CAST(:promise_seconds AS float[]))
                AS p(level, clock, seconds))
            SELECT d.id FROM deadlines d JOIN referrals r ON r.id = d.referral_id
            WHERE r.parent_id IS NULL AND d.cycle = 0 AND d.rung = 0
                AND r.protocol_version = :version AND d.created_at = r.created_at
                AND r.level = ANY (:promise_levels)
                AND NOT EXISTS (SELECT FROM referral_events e
                    WHERE e.referral_id = r.id AND e.level IS NOT NULL)
                AND EXISTS (SELECT FROM promised p WHERE (p.level, p.clock) = (r.level, d.clock)
                    AND d.due_at <> d.created_at + p.seconds * interval '1 second')""",
        "an unconfirmed notice without a clock": """
            SELECT n.id FROM notices n WHERE n.confirmed_at IS NULL AND NOT EXISTS (
                SELECT FROM deadlines d WHERE d.notice_id = n.id AND d.rung = 0
                AND d.due_at <= n.due_at)""",
    },
    "I9": {
        "one message twice": """
            SELECT dedup FROM outbox GROUP BY dedup HAVING count(*) > 1""",
        "a message about nothing": """
            SELECT o.id FROM outbox o LEFT JOIN referrals r ON r.id = o.referral_id
                LEFT JOIN notices n ON n.id = o.notice_id LEFT JOIN drills d ON d.id = o.drill_id
                LEFT JOIN bookings b ON b.id = o.booking_id
                LEFT JOIN help_requests h ON h.id = o.help_request_id
                LEFT JOIN account_errands e ON e.id = o.errand_id
                LEFT JOIN answer_uploads u ON u.id = o.answer_upload_id
            WHERE num_nonnulls(r.id, n.id, d.id, b.id, h.id, e.id, u.id) <> CASE WHEN o.kind IN (
                'reading_reminder', 'group_news', 'waiting_offer', 'already_registered')
                THEN 0 ELSE 1 END""",
        "done, though nothing took it": """
            SELECT o.id FROM outbox o WHERE o.done_at IS NOT NULL AND o.dropped_at IS NULL
                AND NOT EXISTS (SELECT FROM deliveries d LEFT JOIN receipts c
                    ON c.delivery_id = d.id AND c.status = 'delivered'
                    WHERE d.outbox_id = o.id AND (d.result = 'accepted' OR c.id IS NOT NULL))""",
        "attempts that do not bear one reference": """
            SELECT d.outbox_id FROM deliveries d
                LEFT JOIN receipts c ON c.delivery_id = d.id AND c.status = 'failed'
            GROUP BY d.outbox_id HAVING count(DISTINCT d.reference)
                > 1 + count(DISTINCT d.reference) FILTER (WHERE c.id IS NOT NULL)""",
        "more attempts than were begun": """
            SELECT d.id FROM deliveries d JOIN outbox o ON o.id = d.outbox_id
            WHERE d.attempt > o.attempts""",
        "told by the carrier that it did not arrive, and left at that": """
            SELECT o.id FROM outbox o JOIN deliveries d ON d.outbox_id = o.id
                JOIN receipts c ON c.delivery_id = d.id AND c.status = 'failed'
            WHERE o.done_at IS NOT NULL AND o.dropped_at IS NULL
                AND d.attempt = (SELECT max(l.attempt) FROM deliveries l WHERE l.outbox_id = o.id)
                AND NOT EXISTS (SELECT FROM receipts g WHERE g.delivery_id = d.id
                    AND g.status = 'delivered')""",
    },
    "I10": {
        "a referral opened without an entry": """
            SELECT e.id FROM referral_events e WHERE e.to_state = 'seen'
                AND e.actor_kind = 'receiver' AND NOT EXISTS (SELECT FROM audit_entries a
                WHERE a.entity_id = CAST(e.referral_id AS text) AND a.account_id = e.account_id)""",
        "a step without an entry": """
            SELECT e.id FROM referral_events e WHERE e.actor_kind <> 'system'
                AND e.to_state NOT IN ('seen', 'delivered') AND NOT EXISTS (
                SELECT FROM audit_entries a WHERE a.entity_id = CAST(e.referral_id AS text)
                AND a.account_id = e.account_id AND a.action LIKE 'referral.%'
                AND a.action <> 'referral.open')""",
        "a confirmed notice without an entry": """
            SELECT n.id FROM notices n WHERE n.confirmed_by IS NOT NULL AND NOT EXISTS (
                SELECT FROM audit_entries a WHERE a.entity_id = CAST(n.id AS text)
                AND a.account_id = n.confirmed_by AND a.action = 'notice.confirm')""",
    },
    "I11": {
        "a school's hand on a PSC's referral": """
            SELECT e.id FROM referral_events e JOIN accounts a ON a.id = e.account_id
                JOIN referrals r ON r.id = e.referral_id
            WHERE a.role NOT IN ('psc_specialist', 'psc_supervisor')
                AND r.receiver = 'support_center'
                AND (e.from_state, e.to_state) <> ('needs_info', 'acknowledged')""",
        "judged less urgent by one person alone": """
            SELECT e.id FROM referral_events e JOIN referrals r ON r.id = e.referral_id
            WHERE e.to_state = 'triaged' AND e.from_state <> 'triaged'
                AND level_rank(e.triage_level) < level_rank(r.level)
                AND NOT EXISTS (SELECT FROM referral_events n WHERE n.referral_id = r.id
                    AND n.seq > e.seq AND n.level = r.level)
                AND NOT EXISTS (SELECT FROM approvals p WHERE p.id = e.approval_id
                    AND p.referral_id = r.id AND p.kind = 'downgrade' AND p.is_approved
                    AND p.level = e.triage_level AND p.decided_by <> p.proposed_by)""",
        "called an error by one person alone": """
            SELECT e.id FROM referral_events e WHERE e.to_state = 'entered_in_error'
                AND NOT EXISTS (SELECT FROM approvals p WHERE p.id = e.approval_id
                    AND p.referral_id = e.referral_id AND p.kind = 'entered_in_error'
                    AND p.is_approved AND p.decided_by <> p.proposed_by)""",
        "an urgent one ended by one person alone": """
            SELECT e.id FROM referral_events e JOIN referral_events p
                ON p.referral_id = e.referral_id AND p.seq = e.seq - 1
                JOIN referrals r ON r.id = e.referral_id
            WHERE (e.from_state, e.to_state) = ('outcome_set', 'closed')
                AND p.account_id = e.account_id AND r.level IN ('immediate', 'high')
                AND NOT EXISTS (SELECT FROM referral_events n WHERE n.referral_id = r.id
                    AND n.seq > e.seq AND n.level = r.level)""",
        "a case below its worst signal": """
            SELECT c.id FROM cases c JOIN signals s ON s.case_id = c.id
            WHERE level_rank(c.level) < level_rank(s.level)""",
    },
    "I12": {
        "lowered or put off by being handed on": """
            SELECT n.id FROM referrals n JOIN referrals p ON p.id = n.parent_id
            WHERE level_rank(n.level) < level_rank(p.level) OR NOT EXISTS (
                SELECT FROM referral_events e WHERE e.referral_id = n.id
                AND e.to_state = 'reopened') AND (n.seen_due_at > p.seen_due_at
                OR n.acknowledge_due_at > p.acknowledge_due_at
                OR n.contact_due_at > p.contact_due_at AND NOT EXISTS (
                    SELECT FROM referral_events e WHERE e.referral_id = n.id
                    AND e.to_state = 'contacted'))""",
        "below what its own steps say": """
            SELECT r.id FROM referrals r JOIN referral_events e ON e.referral_id = r.id
            WHERE level_rank(r.level) < level_rank(e.level)""",
        "merged into a less urgent one": """
            SELECT r.id FROM referrals r JOIN referrals t ON t.id = r.merged_into_id
            WHERE level_rank(t.level) < level_rank(r.level)""",
        "a clock that was left behind": """
            SELECT d.id FROM deadlines d JOIN referrals n ON n.parent_id = d.referral_id
                JOIN referral_events e ON e.referral_id = d.referral_id
                    AND e.to_state = ANY (:handed_on) AND e.created_at = n.created_at
            WHERE d.met_at IS NULL AND d.ended_at = e.created_at AND NOT EXISTS (
                SELECT FROM deadlines c WHERE c.referral_id = n.id AND c.clock = d.clock
                AND c.rung = d.rung AND c.due_at <= d.due_at)""",
    },
    "I13": {
        "words that are not the protocol's": """
            WITH words AS (SELECT * FROM unnest(CAST(:word_levels AS text[]),
                CAST(:word_kinds AS text[]), CAST(:word_hashes AS text[])) AS w(level, kind, hash))
            SELECT n.id FROM notices n LEFT JOIN words w USING (level, kind)
            WHERE n.protocol_id = :protocol AND n.protocol_version = :version
                AND n.sha256 IS DISTINCT FROM w.hash""",
        "given, and nobody says by whom": """
            SELECT id FROM notices WHERE (confirmed_at IS NULL) <> (confirmed_by IS NULL)""",
        # It waits for no delivery and for no referral: it is there with the signal, or was before.
        "a signal without what its level demands": """
            WITH wanted AS (SELECT * FROM unnest(CAST(:word_levels AS text[]),
                CAST(:word_kinds AS text[])) AS w(level, kind)),
            worst AS (SELECT DISTINCT ON (s.case_id, s.occurred_at) s.* FROM signals s
                ORDER BY s.case_id, s.occurred_at, level_rank(s.level) DESC)
            SELECT s.id FROM worst s JOIN wanted w USING (level)
            WHERE NOT EXISTS (SELECT FROM notices n WHERE n.case_id = s.case_id
                AND n.kind = w.kind AND n.created_at <= s.occurred_at
                AND (n.created_at = s.occurred_at OR n.confirmed_at IS NULL
                    OR n.confirmed_at >= s.occurred_at))""",
        "its time is over, and it did not go out by itself": """
            SELECT n.id FROM notices n JOIN deadlines d ON d.notice_id = n.id AND d.rung = 0
                JOIN schools s ON s.id = n.school_id JOIN districts i ON i.id = s.district_id
                JOIN authorities u ON u.region_iso = i.region_iso AND u.kind = n.addressee
            WHERE d.fired_at IS NOT NULL AND NOT EXISTS (SELECT FROM outbox o
                WHERE o.notice_id = n.id AND o.authority_id IS NOT NULL)""",
    },
    "I14": {
        "a message to somebody who is named": """
            SELECT o.id FROM outbox o LEFT JOIN referrals r ON r.id = o.referral_id
                LEFT JOIN notices n ON n.id = o.notice_id
                LEFT JOIN accounts a ON a.id = o.account_id
                LEFT JOIN endpoints p ON p.id = o.endpoint_id
                JOIN conflicts k ON k.student_id = COALESCE(r.student_id, n.student_id)
            WHERE (k.account_id = a.id OR k.at_school_id = a.school_id
                OR k.support_center_id IN (a.support_center_id, p.support_center_id))
                AND (o.created_at > k.created_at OR EXISTS (SELECT FROM deliveries d
                    WHERE d.outbox_id = o.id AND d.started_at > k.created_at))""",
        "a step by somebody who is named": """
            SELECT e.id FROM referral_events e JOIN accounts a ON a.id = e.account_id
                JOIN conflicts k ON k.student_id = e.student_id AND (k.account_id = a.id
                    OR k.at_school_id = a.school_id OR k.support_center_id = a.support_center_id)
            WHERE e.created_at > k.created_at""",
        "a referral to where somebody is named": """
            SELECT r.id FROM referrals r JOIN conflicts k ON k.student_id = r.student_id
            WHERE r.created_at > k.created_at AND CASE r.receiver WHEN 'support_center'
                THEN k.support_center_id = r.support_center_id
                ELSE k.at_school_id = r.school_id END""",
        "a notice confirmed by somebody who is named": """
            SELECT n.id FROM notices n JOIN accounts a ON a.id = n.confirmed_by
                JOIN conflicts k ON k.student_id = n.student_id AND (k.account_id = a.id
                    OR k.at_school_id = a.school_id OR k.support_center_id = a.support_center_id)
            WHERE n.confirmed_at > k.created_at""",
    },
}
