"""What a change of a policy or a calendar would do, asked beforehand, and what it then did."""

import datetime

from house import until
from seam import Desk, at

EVERY_HOUR = {"business_hours_only": False}


class Previews(Desk):
    def test_what_was_foretold_happens(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480, **EVERY_HOUR})
            old = self.create(api, "2026-09-14T10:00:00-04:00")
            done = self.create(api, "2026-09-14T10:00:00-04:00")
            api.ResolveTicket(id=done)
            new = self.create(api, "2026-09-14T14:00:00-04:00")
            # Later by a second: effects come in the order of ids, which two of one instant have by chance.
            held = self.create(api, "2026-09-14T14:00:01-04:00")
            api.HoldTicket(id=held)
            self.time("2026-09-14T15:00:00-04:00")
            change = {"sla_policy": {"id": "p0", "resolution_minutes": 240}, "update_mask": {"paths": ["resolution_minutes"]}}
            before = api.ListActivities().activities
            told = api.PreviewPolicyChange(update_sla_policy=change)
            self.assertEqual((told.tickets, told.moved, told.started, told.voided, told.breached, told.complete), (3, 3, 0, 0, 1, True))
            self.assertEqual((told.position, told.at.ToDatetime(datetime.timezone.utc)), (max(it.position for it in before), at("2026-09-14T15:00:00-04:00")))
            self.assertEqual([it.ticket_id for it in told.effects], [old, new, held], "what breaches comes first")
            breach, move, hold = told.effects
            due = lambda clock: clock.due_at.ToDatetime(datetime.timezone.utc)
            self.assertEqual((due(breach.before), due(breach.after)), (at("2026-09-14T18:00:00-04:00"), at("2026-09-14T14:00:00-04:00")))
            self.assertEqual((breach.breaches, breach.after.breached_at, move.breaches), (True, breach.after.due_at, False))
            self.assertEqual((due(move.after), move.after.elapsed.seconds, move.after.remaining.seconds), (at("2026-09-14T18:00:00-04:00"), 3600, 3 * 3600))
            self.assertEqual((hold.after.remaining.seconds, hold.after.HasField("due_at"), hold.before.target.seconds), (240 * 60, False, 480 * 60))
            self.assertEqual(api.ListActivities().activities, before, "nothing was written")
            self.assertEqual(api.GetSlaPolicy(id="p0").sla_policy.version, 1)
            api.UpdateSlaPolicy(**change)
            until(lambda: api.ListActivities(filter="activity.type == 'sla.breached'").activities, "it was breached at once")
            for effect in told.effects:
                clock = api.GetTicketSla(id=effect.ticket_id).clocks[0]
                self.assertEqual((clock.due_at, clock.target, clock.breached_at), (effect.after.due_at, effect.after.target, effect.after.breached_at))

    def test_policies_that_come_and_go_and_days_off(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480})
            ticket = self.create(api, "2026-09-14T10:00:00-04:00")
            gone = api.PreviewPolicyChange(delete_sla_policy={"id": "p0"})
            self.assertEqual((gone.voided, self.word(gone.effects[0], "kind")), (1, "SLA_EFFECT_KIND_VOIDED"))
            more = {"name": "quick", "match": "ticket.subject.startsWith('It')", "first_response_minutes": 30, "resolution_minutes": 480, **EVERY_HOUR}
            came = api.PreviewPolicyChange(create_sla_policy={"sla_policy": more})
            self.assertEqual((came.started, came.moved), (1, 1))
            none = api.PreviewPolicyChange(update_sla_policy={"sla_policy": {"id": "p0", "description": "Of no account"}, "update_mask": {"paths": ["description"]}})
            self.assertEqual((none.tickets, none.moved, none.effects), (1, 0, []))
            text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260915\nSUMMARY:Fair\nEND:VEVENT\nEND:VCALENDAR\n"
            fair = api.PreviewPolicyChange(import_holidays={"id": "us", "ics": text})
            self.assertEqual(fair.effects[0].after.due_at.ToDatetime(datetime.timezone.utc), at("2026-09-16T10:00:00-04:00"))
            self.assert_due(api, ticket, "2026-09-15T10:00:00-04:00")

    def test_more_than_are_told_and_an_app_that_asks(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480, **EVERY_HOUR})
            self.time("2026-09-14T10:00:00-04:00")
            api.BatchCreateTickets(requests=[{"ticket": {"subject": "It is broken"}}] * 60)
            change = {"delete_sla_policy": {"id": "p0"}}
            self.assertEqual(len(api.PreviewPolicyChange(**change).effects), 50)
            some = api.PreviewPolicyChange(**change, max_effects=7)
            self.assertEqual((some.voided, len(some.effects)), (60, 7))
            other = server.api(self.schema, self.issuer.token(self.tenant, "otto", ("service",), app_id="shop"))
            with self.refused("NOT_FOUND", "SLA_POLICY_NOT_FOUND"):
                other.PreviewPolicyChange(**change)
            own = {"create_sla_policy": {"sla_policy": {"name": "theirs", "priority": "PRIORITY_URGENT", "resolution_minutes": 5}}}
            self.assertEqual(other.PreviewPolicyChange(**own).tickets, 0, "of its own tickets")

    def test_what_cannot_be_previewed(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480})
            for wrong, field in (
                ({}, "change"),
                ({"delete_sla_policy": {"id": "p0"}, "max_effects": -1}, "max_effects"),
                ({"delete_sla_policy": {}}, "delete_sla_policy.id"),
                ({"create_sla_policy": {"sla_policy": {"name": "none"}}}, "sla_policy.resolution_minutes"),
                ({"update_sla_policy": {"sla_policy": {"id": "p0"}}}, "update_sla_policy.update_mask"),
            ):
                with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                    api.PreviewPolicyChange(**wrong)
                self.assertIn(field, seen.fields, wrong)
            with self.refused("ALREADY_EXISTS", "SLA_POLICY_OVERLAPS"):
                api.PreviewPolicyChange(create_sla_policy={"sla_policy": {"name": "p1", "resolution_minutes": 5}})
            with self.refused("NOT_FOUND", "SLA_POLICY_NOT_FOUND"):
                api.PreviewPolicyChange(delete_sla_policy={"id": "nobody"})
