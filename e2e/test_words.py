"""What people say on tickets, from outside: messages edited and taken back."""

from case import Case, api

PUBLIC, INTERNAL = "VISIBILITY_PUBLIC", "VISIBILITY_INTERNAL"


class Messages(Case):
    def setUp(self) -> None:
        super().setUp()
        self.agent = api(self.tenant, "ann", "agent")
        self.lead = api(self.tenant, "lea", "lead")
        self.rita = api(self.tenant, "rita", "requester")
        self.id = self.ticket(self.rita, subject="Mine").id

    def say(self, caller, body: str, visibility: str = PUBLIC):
        return caller.PostMessage(ticket_id=self.id, message={"body": body, "visibility": visibility}).message

    def edit(self, caller, message, body: str, paths=("body",), **fields):
        fields = {"ticket_id": self.id, **fields}
        return caller.UpdateMessage(message={"id": message.id, "body": body}, update_mask={"paths": list(paths)}, **fields)

    def delete(self, caller, message, **fields):
        return caller.DeleteMessage(ticket_id=self.id, id=message.id, **fields)

    def bodies(self, caller) -> list[str]:
        return [message.body for message in caller.pages("ListMessages", "messages", ticket_id=self.id, page_size=2)]

    def test_an_edit_is_read_everywhere_and_stands_in_the_log(self) -> None:
        said = self.say(self.agent, "recieved")
        answer = self.edit(self.agent, said, "received")
        self.assertEqual((answer.message.body, answer.message.updated_by, answer.position), ("received", "ann", self.head()))
        self.assertNotEqual(answer.message.etag, said.etag)
        self.assertGreater(answer.message.updated_at.ToNanoseconds(), said.updated_at.ToNanoseconds())
        read = self.rita.GetMessage(ticket_id=self.id, id=said.id, min_position=answer.position).message
        self.assertEqual(read, answer.message)
        self.assertEqual(self.bodies(self.rita), ["received"])
        self.assertEqual(self.api.GetTicket(id=self.id).ticket, answer.ticket)
        last = self.log()[-1]
        self.assertEqual((last.type, list(last.families), last.message), ("ticket.message_edited", [], read))
        (change,) = last.changes
        self.assertEqual((change.field, change.old_value.string_value, change.new_value.string_value), ("body", "recieved", "received"))

    def test_a_deleted_message_is_in_no_list_and_has_no_body(self) -> None:
        first, note, last = self.say(self.agent, "one"), self.say(self.agent, "SECRET note", INTERNAL), self.say(self.agent, "SECRET two")
        answer = self.delete(self.agent, last)
        self.assertTrue(answer.message.HasField("deleted_at"))
        self.assertEqual((answer.message.body, answer.message.deleted_by), ("", "ann"))
        self.assertEqual((answer.ticket.message_count, answer.ticket.last_message_at), (2, note.created_at))
        seen = self.rita.GetTicket(id=self.id).ticket
        self.assertEqual((seen.message_count, seen.last_message_at), (1, first.created_at))
        self.assertEqual(self.bodies(self.agent), ["one", "SECRET note"])
        self.assertNotIn("SECRET", str(self.rita.GetMessage(ticket_id=self.id, id=last.id)))
        after = self.log()[-1]
        self.assertEqual((after.type, after.message.body), ("ticket.message_deleted", ""))
        self.assertNotIn("SECRET", str(after))
        with self.refused("FAILED_PRECONDITION", "DELETED"):
            self.edit(self.agent, last, "back again")
        again = self.delete(self.agent, last)
        self.assertEqual((again.message, again.position), (answer.message, answer.position))
        # One that is not the newest, and then the newest of those that are left.
        self.assertEqual(self.delete(self.agent, first).ticket.last_message_at, note.created_at)
        self.assertFalse(self.delete(self.agent, note).ticket.HasField("last_message_at"))
        self.assertFalse(self.rita.GetTicket(id=self.id).ticket.HasField("last_message_at"))

    def test_a_first_response_is_for_ever(self) -> None:
        said = self.say(self.agent, "hello")
        self.assertEqual(self.delete(self.agent, said).ticket.first_response_at, said.created_at)

    def test_who_may_change_what(self) -> None:
        hers, his, note = self.say(self.rita, "hello?"), self.say(self.agent, "hello"), self.say(self.agent, "psst", INTERNAL)
        for caller, message in ((self.agent, hers), (self.rita, his), (api(self.tenant, "bea", "agent"), his)):
            with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
                self.edit(caller, message, "forged")
            with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
                self.delete(caller, message)
        with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
            self.delete(api(self.tenant, "eve", "auditor"), his)
        self.edit(self.lead, hers, "moderated")
        self.edit(self.rita, hers, "as I meant it")
        self.delete(self.rita, hers)
        self.delete(self.lead, his)
        self.assertEqual(self.bodies(self.agent), ["psst"])
        self.assertEqual(note.id, self.agent.ListMessages(ticket_id=self.id).messages[0].id)

    def test_what_is_not_there_and_what_may_not_be_seen_are_told_apart_by_nothing(self) -> None:
        note = self.say(self.agent, "SECRET", INTERNAL)
        other = self.ticket(self.rita, subject="Another").id
        elsewhere = api(self.tenant + "x", "rita", "requester")
        nowhere = note.id[:-1] + ("0" if note.id[-1] != "0" else "1")
        calls = (
            lambda caller, ticket, id: caller.GetMessage(ticket_id=ticket, id=id),
            lambda caller, ticket, id: self.edit(caller, type(note)(id=id), "x", ticket_id=ticket),
            lambda caller, ticket, id: caller.DeleteMessage(ticket_id=ticket, id=id),
        )
        for call in calls:
            texts = set()
            for caller, ticket, id in (
                (self.rita, self.id, note.id),
                (self.rita, self.id, nowhere),
                (self.lead, self.id, nowhere),
                (self.lead, other, note.id),
                (self.lead, self.id, "msg_nonsense"),
            ):
                with self.refused("NOT_FOUND", "MESSAGE_NOT_FOUND") as seen:
                    call(caller, ticket, id)
                texts.add(seen.text.replace(id, "ID"))
                self.assertEqual(seen.metadata, {"id": id})
            self.assertEqual(len(texts), 1, texts)
            with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                call(elsewhere, self.id, note.id)

    def test_requesters_do_not_hear_of_edits_and_never_of_notes(self) -> None:
        said = self.say(self.agent, "hello")
        note = self.say(self.agent, "SECRET one", INTERNAL)
        self.edit(self.agent, said, "hello there")
        self.edit(self.agent, note, "SECRET two")
        self.delete(self.agent, note)
        frames = self.read_until(self.rita.stream("StreamActivities", earliest=True, view="ACTIVITY_VIEW_FULL"), self.head())
        self.assertEqual([a.type for a in self.activities(frames)], ["ticket.created", "ticket.message_added"])
        self.assertNotIn("SECRET", str(frames) + str(self.log(self.rita, view="ACTIVITY_VIEW_FULL")))
        agent = self.read_until(self.agent.stream("StreamActivities", earliest=True), self.head())
        types = [a.type for a in self.activities(agent)]
        self.assertEqual(types[-3:], ["ticket.message_edited", "ticket.message_edited", "ticket.message_deleted"])

    def test_the_same_request_again_gets_the_first_answer_again(self) -> None:
        said = self.say(self.agent, "one")
        first = self.edit(self.agent, said, "two", request_id="edit")
        same = self.edit(self.agent, said, "two", request_id="the same text")
        self.assertEqual(same.message, first.message)
        gone = self.delete(self.agent, said, request_id="delete")
        again = self.delete(self.agent, said, request_id="delete twice")
        self.api.UpdateTicket(ticket={"id": self.id, "subject": "Moved on"}, update_mask={"paths": ["subject"]})
        head = self.head()
        self.assertEqual(self.edit(self.agent, said, "two", request_id="edit"), first)
        self.assertEqual(self.edit(self.agent, said, "two", request_id="the same text"), same)
        self.assertEqual(self.delete(self.agent, said, request_id="delete"), gone)
        self.assertEqual(self.delete(self.agent, said, request_id="delete twice"), again)
        with self.refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
            self.edit(self.agent, said, "three", request_id="edit")
        self.assertEqual(self.head(), head)

    def test_a_trial_writes_nothing(self) -> None:
        said = self.say(self.agent, "one")
        head = self.head()
        self.assertEqual(self.edit(self.agent, said, "two", validate_only=True).message.body, "two")
        self.assertTrue(self.delete(self.agent, said, validate_only=True).message.HasField("deleted_at"))
        self.assertEqual((self.head(), self.bodies(self.agent)), (head, ["one"]))

    def test_bad_edits_say_what_is_wrong_with_them(self) -> None:
        said = self.say(self.agent, "one")
        for body in ("", "x" * (64 * 1024 + 1), "a\0b"):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.edit(self.agent, said, body)
            self.assertEqual(seen.fields, ["message.body"])
        for paths in ((), ("etag",), ("bodi",), ("*", "body")):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.edit(self.agent, said, "two", paths)
            self.assertEqual(seen.fields, ["update_mask"])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.agent.UpdateMessage()
        self.assertEqual(seen.fields, ["message", "message.id", "ticket_id", "update_mask"])
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.delete(self.agent, said, etag="ff")
        self.edit(self.agent, said, "x" * (64 * 1024))
        note = self.say(self.agent, "psst", INTERNAL)
        with self.refused("FAILED_PRECONDITION", "VISIBILITY_FIXED") as seen:
            self.agent.UpdateMessage(
                ticket_id=self.id, message={"id": note.id, "visibility": PUBLIC}, update_mask={"paths": ["visibility"]}
            )
        self.assertEqual(seen.metadata["visibility"], "INTERNAL")
        # A message that was read is sent back whole.
        note.body = "louder"
        answer = self.agent.UpdateMessage(ticket_id=self.id, message=note, update_mask={"paths": ["*"]}).message
        self.assertEqual((answer.body, self.word(answer, "visibility")), ("louder", INTERNAL))

    def test_a_deleted_tickets_messages_stay_as_they_are(self) -> None:
        said = self.say(self.agent, "one")
        self.api.DeleteTicket(id=self.id)
        for call in (lambda: self.edit(self.agent, said, "two"), lambda: self.delete(self.agent, said)):
            with self.refused("FAILED_PRECONDITION", "DELETED"):
                call()
        self.assertEqual(self.agent.GetMessage(ticket_id=self.id, id=said.id).message, said)
