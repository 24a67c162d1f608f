"""Words, from outside: what people say on tickets, and the words that a tenant agreed on."""

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

    def test_a_search_finds_what_is_said_and_not_what_was(self) -> None:
        said = self.say(self.agent, "platypus")
        found = lambda word, position: [t.id for t in self.agent.SearchTickets(query=word, min_position=position).tickets]
        self.assertEqual(found("platypus", self.head()), [self.id])
        edited = self.edit(self.agent, said, "wombat")
        self.assertEqual((found("platypus", edited.position), found("wombat", edited.position)), ([], [self.id]))
        self.assertEqual(found("wombat", self.delete(self.agent, said).position), [])

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
        ron = api(self.tenant, "ron", "requester")
        own = self.ticket(ron, subject="Not hers")
        for view in ("ACTIVITY_VIEW_BASIC", "ACTIVITY_VIEW_FULL"):
            told = self.activities(self.read_until(ron.stream("StreamActivities", earliest=True, view=view), self.head()))
            self.assertEqual([a.ticket_id for a in told], [own.id])
            self.assertEqual([a.ticket_id for a in self.log(ron, view=view)], [own.id])
        agent = self.read_until(self.agent.stream("StreamActivities", earliest=True), self.head())
        types = [a.type for a in self.activities(agent)]
        self.assertEqual(types[-4:-1], ["ticket.message_edited", "ticket.message_edited", "ticket.message_deleted"])

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


class Tags(Case):
    """The registry of tags."""

    def make(self, name: str, **fields):
        return self.api.CreateTag(tag={"name": name, **fields}).tag

    def names(self, **fields) -> list[str]:
        return [tag.name for tag in self.api.pages("ListTags", "tags", page_size=1, **fields)]

    def test_a_tag_is_made_read_changed_and_deleted(self) -> None:
        answer = self.api.CreateTag(tag={"name": "regression", "color": "#ef4444", "team_id": "core"}, request_id="make")
        made = answer.tag
        self.assertEqual((made.id, made.color, made.team_id, made.created_by), ("regression", "#ef4444", "core", "ada"))
        self.assertEqual(self.api.GetTag(id="regression", min_position=answer.position).tag, made)
        mask = {"paths": ["color", "description"]}
        changed = self.api.UpdateTag(tag={"id": "regression", "description": "Worked before", "etag": made.etag}, update_mask=mask).tag
        self.assertEqual((changed.color, changed.description, changed.team_id), ("", "Worked before", "core"))
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.api.DeleteTag(id="regression", etag=made.etag)
        gone = self.api.DeleteTag(id="regression", request_id="drop")
        self.assertTrue(gone.tag.HasField("deleted_at"))
        self.assertEqual(self.api.DeleteTag(id="regression").position, gone.position)
        for call in (
            lambda: self.api.GetTag(id="regression"),
            lambda: self.api.UpdateTag(tag={"id": "regression"}, update_mask=mask),
            lambda: self.api.DeleteTag(id="never there"),
        ):
            with self.refused("NOT_FOUND", "TAG_NOT_FOUND"):
                call()
        self.assertEqual(self.names(), [])
        self.assertEqual([a.type for a in self.log()], ["tag.changed"] * 3)
        self.assertEqual(self.log()[1].data["description"], "Worked before")
        # What was answered is answered again, from the log.
        self.assertEqual(self.api.CreateTag(tag={"name": "regression", "color": "#ef4444", "team_id": "core"}, request_id="make"), answer)
        self.assertEqual(self.api.DeleteTag(id="regression", request_id="drop"), gone)
        self.assertNotEqual(self.make("regression").etag, made.etag)

    def test_a_name_is_taken_once_in_any_spelling(self) -> None:
        self.make("vip")
        with self.refused("ALREADY_EXISTS", "NAME_TAKEN") as seen:
            self.make("vip", color="#000000")
        self.assertEqual(seen.metadata, {"kind": "tag", "name": "vip"})
        with self.refused("ALREADY_EXISTS", "NAME_TAKEN"):
            self.make("VIP")
        self.assertEqual(self.names(), ["vip"])

    def test_lists_are_filtered_ordered_and_paged(self) -> None:
        for name, team in (("b", "core"), ("c", ""), ("a", "support")):
            self.make(name, team_id=team)
        self.assertEqual(self.names(), ["a", "b", "c"])
        self.assertEqual(self.names(order_by="created_at desc"), ["a", "c", "b"])
        self.assertEqual(self.names(filter="tag.team_id in ['', 'support']"), ["a", "c"])
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
            self.names(filter="tag.colour == ''")

    def test_the_registry_touches_no_ticket(self) -> None:
        self.make("vip")
        ticket = self.ticket(tags=["vip", "free"])
        self.api.DeleteTag(id="vip")
        self.assertEqual(self.api.GetTicket(id=ticket.id).ticket, ticket)

    def test_a_tenant_may_take_registered_tags_only(self) -> None:
        old = self.ticket(tags=["old"])
        self.make("vip")
        self.api.UpdateTenant(tenant={"tag_mode": "TAG_MODE_REGISTERED"}, update_mask={"paths": ["tag_mode"]})
        ticket = self.ticket(tags=["vip"])
        mask = {"paths": ["tags"]}
        for call in (
            lambda: self.ticket(tags=["vip", "vipp", "other"]),
            lambda: self.api.BatchCreateTickets(requests=[{"ticket": {"subject": "a", "tags": ["vipp", "other"]}}]),
            lambda: self.api.TagTicket(id=ticket.id, add=["vipp", "other"]),
            lambda: self.api.UpdateTicket(ticket={"id": ticket.id, "tags": ["vipp", "other"]}, update_mask=mask),
        ):
            with self.refused("FAILED_PRECONDITION", "TAG_NOT_REGISTERED") as seen:
                call()
            self.assertEqual(seen.metadata, {"tags": "vipp,other"})
        # What was there stays, and goes.
        kept = self.api.UpdateTicket(ticket={"id": old.id, "tags": ["old", "vip"]}, update_mask=mask).ticket
        self.assertEqual(list(kept.tags), ["old", "vip"])
        self.assertEqual(list(self.api.TagTicket(id=old.id, remove=["old"]).ticket.tags), ["vip"])
        self.api.DeleteTag(id="vip")
        with self.refused("FAILED_PRECONDITION", "TAG_NOT_REGISTERED"):
            self.api.TagTicket(id=self.ticket().id, add=["vip"])
        # A rule's tag is refused as anybody's: the rule fails, the ticket is there.
        login = self.ticket(subject="Login broken")
        self.assertEqual(list(login.tags), [])
        (run,) = [run for run in self.api.ListRuns().runs if run.ticket_id == login.id]
        self.assertEqual(self.word(run, "verdict"), "RUN_VERDICT_FAILED")
        self.assertIn("auth", run.reason)

    def test_bad_tags_say_what_is_wrong_with_them(self) -> None:
        for fields, wrong in (
            ({}, ["tag.name"]),
            ({"name": "x" * 65}, ["tag.name"]),
            ({"name": " \u200b"}, ["tag.name"]),
            ({"name": "a\0b", "description": "x" * 501}, ["tag.description", "tag.name"]),
            *(({"name": "vip", "color": color}, ["tag.color"]) for color in ("red", "#fff", "ef4444", "#ef444g", "#ef44444", "#éé44")),
        ):
            with self.subTest(fields), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.CreateTag(tag=fields)
            self.assertEqual(seen.fields, wrong)
        self.make("vip")
        for paths in ((), ("name",), ("etag",), ("colour",)):
            with self.subTest(paths), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.UpdateTag(tag={"id": "vip"}, update_mask={"paths": paths})
            self.assertEqual(seen.fields, ["update_mask"])


class Mentions(Case):
    """Agents that messages name."""

    def setUp(self) -> None:
        super().setUp()
        for id, name in (("bob", "Robert"), ("ann", "Ann"), ("sam1", "Sam"), ("sam2", "Sam")):
            self.api.UpsertAgent(agent={"id": id, "name": name})
        self.rita = api(self.tenant, "rita", "requester")
        self.id = self.ticket(self.rita, subject="Mine").id
        self.start = self.head()

    def say(self, body: str, caller=None, visibility: str = INTERNAL):
        return (caller or self.api).PostMessage(ticket_id=self.id, message={"body": body, "visibility": visibility})

    def types(self) -> list[str]:
        return [activity.type for activity in self.log() if activity.position > self.start]

    def test_a_mention_is_listed_and_has_an_activity(self) -> None:
        answer = self.say("@bob. and @Ann, not `@sam1`, @nobody, @Sam or sam1@example.com")
        self.assertEqual(list(answer.message.mentions), ["bob", "ann"])
        self.assertEqual(answer.position, self.head())
        (note, mentioned) = self.log()[-2:]
        self.assertEqual((note.type, mentioned.type), ("ticket.note_added", "ticket.mentioned"))
        self.assertEqual(mentioned.message, answer.message)
        self.assertEqual(list(mentioned.data["agent_ids"]), ["bob", "ann"])
        self.assertEqual(mentioned.data["message_id"], answer.message.id)
        (listed,) = self.api.ListMessages(ticket_id=self.id).messages
        self.assertEqual(listed, answer.message)
        stream = self.api.stream("StreamActivities", earliest=True, filter="'bob' in activity.message.mentions")
        told = self.activities(self.read_until(stream, self.head()))
        self.assertEqual([a.type for a in told], ["ticket.note_added", "ticket.mentioned"])

    def test_an_edit_tells_of_those_only_whom_it_adds(self) -> None:
        said = self.say("@bob").message
        mask = {"paths": ["body"]}
        edited = self.api.UpdateMessage(message={"id": said.id, "ticket_id": self.id, "body": "@bob @sam2"}, update_mask=mask)
        self.assertEqual(list(edited.message.mentions), ["bob", "sam2"])
        self.assertEqual(list(self.log()[-1].data["agent_ids"]), ["sam2"])
        gone = self.api.DeleteMessage(ticket_id=self.id, id=said.id).message
        self.assertEqual(list(gone.mentions), [])
        self.assertEqual(self.types()[2:], ["ticket.message_edited", "ticket.mentioned", "ticket.message_deleted"])

    def test_a_requester_may_mention_and_is_not_told_who_is_an_agent(self) -> None:
        answer = self.say("@bob @Robert please", self.rita, PUBLIC)
        self.assertEqual(list(answer.message.mentions), [])
        read = self.rita.GetMessage(ticket_id=self.id, id=answer.message.id).message
        self.assertEqual((list(read.mentions), list(self.rita.ListMessages(ticket_id=self.id).messages)), ([], [read]))
        self.assertEqual([a.type for a in self.log(self.rita)], ["ticket.created", "ticket.message_added"])
        self.assertEqual([list(a.message.mentions) for a in self.log(self.rita)], [[], []])
        stream = self.rita.stream("StreamActivities", earliest=True, filter="'bob' in activity.message.mentions")
        self.assertEqual(self.activities(self.read_until(stream, self.head())), [])
        whole = self.api.GetMessage(ticket_id=self.id, id=answer.message.id).message
        self.assertEqual(list(whole.mentions), ["bob"])
        self.assertEqual(self.types(), ["ticket.message_added", "ticket.mentioned"])

    def test_an_agent_upserted_a_moment_ago_is_known(self) -> None:
        calls = [self.api.future("UpsertAgent", agent={"id": f"new{n}", "name": f"New{n}"}) for n in range(8)]
        for call in calls:
            call.result()
        body = " ".join(f"@New{n}" for n in range(8))
        self.assertEqual(list(self.say(body).message.mentions), [f"new{n}" for n in range(8)])

    def test_words_of_other_scripts_end_a_name_and_addresses_have_none(self) -> None:
        for id in ("zoë", "田中", "철수"):
            self.api.UpsertAgent(agent={"id": id, "name": id})
        for body, agents in (
            ("感謝@bob さん", ["bob"]),
            ("@bobさん", ["bob"]),
            ("请@bob看一下", ["bob"]),
            ("＠bob、@ann。", ["bob", "ann"]),
            ("@bob님, @철수에게 @田中さん", ["bob", "철수", "田中"]),
            ("สวัสดี@bobครับ", ["bob"]),
            ("@zoe\u0308!", ["zoë"]),
            ("\u200b@bob\u200b", ["bob"]),
            ("@bob@example.com", []),
            ("用户@bob.example.com", []),
            ("https://example.com/?to=@bob", []),
            ("e\u0301@bob", []),
        ):
            with self.subTest(body):
                self.assertEqual(list(self.say(body).message.mentions), agents)

    def test_many_names_count_up_to_fifty(self) -> None:
        for n in range(60):
            self.api.UpsertAgent(agent={"id": f"a{n}", "name": f"A{n}"})
        answer = self.say(" ".join(f"@a{n}" for n in range(60)))
        self.assertEqual(list(answer.message.mentions), [f"a{n}" for n in range(50)])
        for body in ("@" * 10_000, "@x" * 10_000, "@nobody " * 8_000, "```\n" * 5_000 + "@bob", "> " * 10_000 + "@bob", "`@bob" * 10_000):
            self.assertLessEqual(len(self.say(body).message.mentions), 1)

    def test_the_same_request_again_gets_the_first_answer_again(self) -> None:
        message = {"body": "@bob", "visibility": INTERNAL}
        first = self.api.PostMessage(ticket_id=self.id, message=message, request_id="once")
        self.assertEqual(self.api.PostMessage(ticket_id=self.id, message=message, request_id="once"), first)
        self.assertEqual(len(self.types()), 2)


class CannedResponses(Case):
    """Replies that are written once."""

    def make(self, name: str, body: str = "Hello", **fields):
        return self.api.CreateCannedResponse(canned_response={"name": name, "title": "A reply", "body": body, **fields}).canned_response

    def names(self, **fields) -> list[str]:
        return [canned.name for canned in self.api.pages("ListCannedResponses", "canned_responses", page_size=1, **fields)]

    def render(self, id: str, ticket, caller=None) -> str:
        return (caller or self.api).RenderCannedResponse(id=id, ticket_id=ticket.id).text

    def test_one_is_made_read_changed_and_deleted(self) -> None:
        new = {"title": "Password reset", "body": "Dear ${ticket.requester_name}", "team_id": "support"}
        answer = self.api.CreateCannedResponse(canned_response=new, request_id="make")
        made = answer.canned_response
        self.assertEqual((made.name, made.body, made.team_id), (new["title"], new["body"], "support"))
        self.assertTrue(made.id.startswith("cnr_") and len(made.id) == 30, made.id)
        for id in (made.id, made.name):
            self.assertEqual(self.api.GetCannedResponse(id=id, min_position=answer.position).canned_response, made)
        mask = {"paths": ["name", "body"]}
        changed = self.api.UpdateCannedResponse(canned_response={"id": made.name, "name": "reset", "body": "Hi", "etag": made.etag}, update_mask=mask)
        self.assertEqual((changed.canned_response.id, changed.canned_response.name, changed.canned_response.title), (made.id, "reset", new["title"]))
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.api.DeleteCannedResponse(id="reset", etag=made.etag)
        gone = self.api.DeleteCannedResponse(id="reset", request_id="drop")
        self.assertEqual(self.api.DeleteCannedResponse(id=made.id).position, gone.position)
        for call in (
            lambda: self.api.GetCannedResponse(id="reset"),
            lambda: self.api.GetCannedResponse(id=made.id),
            lambda: self.api.UpdateCannedResponse(canned_response={"id": made.id, "name": "x", "body": "y"}, update_mask=mask),
            lambda: self.api.DeleteCannedResponse(id="reset"),
        ):
            with self.refused("NOT_FOUND", "CANNED_RESPONSE_NOT_FOUND"):
                call()
        self.assertEqual([a.type for a in self.log()], ["canned_response.changed"] * 3)
        self.assertEqual(self.api.CreateCannedResponse(canned_response=new, request_id="make"), answer)
        self.assertEqual(self.api.DeleteCannedResponse(id="reset", request_id="drop"), gone)
        self.assertNotEqual(self.make("reset").id, made.id)

    def test_a_name_is_taken_once(self) -> None:
        first = self.make("welcome")
        with self.refused("ALREADY_EXISTS", "NAME_TAKEN") as seen:
            self.make("welcome")
        self.assertEqual(seen.metadata, {"kind": "canned response", "name": "welcome"})
        second = self.make("Hello")
        mask = {"paths": ["name"]}
        for taken in ("welcome", "Welcome"):
            with self.refused("ALREADY_EXISTS", "NAME_TAKEN"):
                self.api.UpdateCannedResponse(canned_response={"id": second.id, "name": taken}, update_mask=mask)
        # Two names are swapped, one after the other, or both in one batch.
        swap = lambda canned, name: self.api.future("UpdateCannedResponse", canned_response={"id": canned.id, "name": name}, update_mask=mask)
        for canned, name in ((first, "aside"), (second, "welcome"), (first, "Hello")):
            swap(canned, name).result()
        self.assertEqual(self.api.GetCannedResponse(id="welcome").canned_response.id, second.id)
        self.assertEqual(self.names(), ["Hello", "welcome"])

    def test_lists_are_filtered_ordered_and_paged(self) -> None:
        for name, team in (("b", "core"), ("c", ""), ("a", "support")):
            self.make(name, team_id=team)
        self.assertEqual(self.names(), ["a", "b", "c"])
        self.assertEqual(self.names(order_by="created_at desc"), ["a", "c", "b"])
        self.assertEqual(self.names(filter="canned_response.team_id in ['', 'support']"), ["a", "c"])

    def test_rendering_reads_the_ticket_its_people_and_the_caller_and_writes_nothing(self) -> None:
        self.api.UpsertOrganization(organization={"id": "acme", "name": "Acme"})
        self.api.UpsertContact(contact={"id": "rita", "name": "Rita"})
        self.api.UpsertAgent(agent={"id": "bob", "name": "Bob"})
        self.api.UpsertTeam(team={"id": "core", "name": "Core"})
        ticket = self.ticket(organization_id="acme", requester_id="rita", assignee_id="bob", team_id="core", subject="Printer")
        body = "Dear ${requester.name} of ${organization.name},\n${ticket.display_number} (${lower(ticket.subject)}) is with ${assignee.name}, ${team.name}.\n$${ok} ${actor.id}"
        self.make("all", body)
        head = self.head()
        text = self.render("all", ticket, api(self.tenant, "carl", "agent"))
        self.assertEqual(text, "Dear Rita of Acme,\nTKT-0001 (printer) is with Bob, Core.\n${ok} carl")
        self.assertEqual(self.head(), head)

    def test_what_has_no_value_is_named(self) -> None:
        self.make("dear", "Due ${ticket.subject} ${organization.name}")
        self.make("safe", "${has(organization.name) ? organization.name : 'you'}")
        ticket = self.ticket()
        with self.refused("FAILED_PRECONDITION", "NOT_RENDERED") as seen:
            self.render("dear", ticket)
        self.assertEqual((seen.metadata["name"], seen.metadata["expression"]), ("dear", "organization.name"))
        self.assertIn("`${organization.name}`", seen.text)
        self.assertEqual(self.render("safe", ticket), "you")
        # What the caller may not see is not there for its text either.
        crm = api(self.tenant, "crm", "service", app_id="crm")
        crm.CreateCannedResponse(canned_response={"title": "crm", "body": "${organization.name}"})
        self.api.UpsertOrganization(organization={"id": "acme", "name": "SECRET"})
        own = self.ticket(crm, organization_id="acme")
        with self.refused("FAILED_PRECONDITION", "NOT_RENDERED") as seen:
            self.render("crm", own, crm)
        self.assertNotIn("SECRET", str(seen))
        for id, of, reason in (("safe", own, "CANNED_RESPONSE_NOT_FOUND"), ("crm", ticket, "TICKET_NOT_FOUND")):
            with self.refused("NOT_FOUND", reason):
                self.render(id, of, crm)

    def test_bad_bodies_say_what_is_wrong_with_them(self) -> None:
        for body, says in (
            ("", "must not be empty"),
            ("x" * (64 * 1024 + 1), "65536 bytes"),
            ("a\0b", "U+0000"),
            ("Dear\n  ${ticket.subjct}", "line 2, column 12"),
            ("${event.type}", "line 1, column 3"),
            ("${message.body}", "line 1, column 3"),
            ("${ticket.subject", "never closed"),
            ("${}", "line 1"),
            ("${ticket}", "line 1, column 3"),
            ("${1}" * 65, "64 expressions"),
            ("${" * 10_000, "never closed"),
        ):
            with self.subTest(body[:40]), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.make("bad", body)
            self.assertEqual(seen.fields, ["canned_response.body"])
            self.assertIn(says, seen.text)
        for fields, wrong in (
            ({"name": "cnr_mine"}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "x\ny"}, "name"),
            ({"name": "x", "title": ""}, "title"),
        ):
            with self.subTest(fields), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.make(**{"body": "ok", **fields})
            self.assertEqual(seen.fields, [f"canned_response.{wrong}"])
        self.assertEqual(self.names(), [])
        self.make("long", "x" * (64 * 1024))
        self.assertEqual(len(self.render("long", self.ticket())), 64 * 1024)

    def test_a_rule_that_names_one_is_checked_against_the_tenant(self) -> None:
        source = "name: greet\non: ticket.created\ndo:\n  - message: {canned: welcome}\n"
        answer = self.api.ValidateWorkflow(source=source, file_name="greet.yaml")
        (found,) = answer.diagnostics
        self.assertEqual((found.code, found.line, found.column), ("unknown-canned", 4, 23))
        self.assertEqual(self.word(found, "severity"), "SEVERITY_WARNING")
        self.assertEqual([rule.name for rule in answer.workflows], ["greet"])
        self.make("welcome")
        self.assertEqual(list(self.api.ValidateWorkflow(source=source, file_name="greet.yaml").diagnostics), [])
