// Docket from TypeScript: a write that is safe to repeat, pages, a filter, typed errors, and a stream that loses nothing.
//
//     npm run tour      what a backend does: create, list, filter, and read errors
//     npm run follow    what a consumer does: every activity, in order, after any crash

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import type { Activity } from "./gen/docket/v1/activity_pb.js";
import { ActivityService } from "./gen/docket/v1/activity_service_pb.js";
import { Priority } from "./gen/docket/v1/enums_pb.js";
import type { Ticket } from "./gen/docket/v1/ticket_pb.js";
import { CreateTicketRequestSchema, ListTicketsRequestSchema, TicketService } from "./gen/docket/v1/ticket_service_pb.js";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";

type Tickets = Client<typeof TicketService>;
type Activities = Client<typeof ActivityService>;

/** Whether a retry can succeed: Docket is busy or unavailable, or the connection broke before it answered. */
function passes(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  const said = error.findDetails(ErrorInfoSchema).length > 0;
  return !said || error.code === Code.Unavailable || error.code === Code.ResourceExhausted;
}

/** Retries a write until it is answered; with one requestId, ten attempts are one write. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (const wait of [100, 200, 500, 1_000, 2_000, 4_000, 8_000, 16_000]) {
    try {
      return await call();
    } catch (error) {
      if (!passes(error)) throw error;
      await sleep(wait);
    }
  }
  return await call();
}

async function createTicket(tickets: Tickets, subject: string, priority: Priority) {
  // Created once, before the first attempt, and reused for every retry.
  const request = create(CreateTicketRequestSchema, { ticket: { subject, priority }, requestId: randomUUID() });
  const made = await patiently(() => tickets.createTicket(request, { timeoutMs: 10_000 }));
  const again = await patiently(() => tickets.createTicket(request, { timeoutMs: 10_000 }));
  const outcome = again.ticket?.id === made.ticket?.id ? "one ticket" : "TWO";
  console.log(`created ${made.ticket?.displayNumber} ${subject}, sent twice: ${outcome}`);
}

/** Every ticket of a list, page by page; an empty token means the end. */
async function* pages(tickets: Tickets, query: MessageInitShape<typeof ListTicketsRequestSchema>): AsyncGenerator<Ticket> {
  const request = create(ListTicketsRequestSchema, query);
  do {
    const page = await tickets.listTickets(request, { timeoutMs: 10_000 });
    yield* page.tickets;
    request.pageToken = page.nextPageToken;
  } while (request.pageToken !== "");
}

async function numbers(all: AsyncIterable<Ticket>): Promise<string> {
  const found: string[] = [];
  for await (const ticket of all) found.push(ticket.displayNumber);
  return found.join(", ");
}

async function tour(tickets: Tickets) {
  for (let n = 1; n <= 5; n++) {
    await createTicket(tickets, `Printer ${n} is on fire`, n === 3 ? Priority.URGENT : Priority.LOW);
  }
  console.log("all:", await numbers(pages(tickets, { pageSize: 2, orderBy: "number" })));
  const wanted = "ticket.priority == 'URGENT' && ticket.subject.startsWith('Printer')";
  console.log("urgent:", await numbers(pages(tickets, { filter: wanted })));

  try {
    await tickets.createTicket({ ticket: { tags: [""] } }, { timeoutMs: 10_000 });
  } catch (error) {
    // Programs branch on the code and the reason; the text is for people.
    const refusal = ConnectError.from(error);
    console.log("refused:", Code[refusal.code], refusal.findDetails(ErrorInfoSchema)[0]?.reason);
    for (const bad of refusal.findDetails(BadRequestSchema)) {
      for (const violation of bad.fieldViolations) console.log(`  ${violation.field}: ${violation.description}`);
    }
  }
}

const KEPT = process.env.DOCKET_POSITION_FILE ?? "position.json";

async function follow(activities: Activities) {
  const text = existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, "utf8")) : { position: "0", epoch: "0" };
  let kept = { position: BigInt(text.position), epoch: BigInt(text.epoch) };
  for (;;) {
    const start = { case: "afterPosition", value: kept.position } as const;
    try {
      for await (const frame of activities.streamActivities({ start, epoch: kept.epoch })) {
        // The first frame is a bookmark with the start; each one after it continues the one before.
        if (frame.since !== kept.position) throw new Error(`frames between ${kept.position} and ${frame.since} were lost`);
        if (frame.event.case === "activity") handle(frame.event.value);
        // A snapshot frame, sent only on request, does not move the position.
        if (frame.event.case === "snapshot" || !frame.event.value) continue;
        kept = { position: frame.event.value.position, epoch: frame.epoch };
        keep(kept);
      }
    } catch (error) {
      // A restart or a slow reader: resume after the stored position. Anything else needs a person.
      if (!passes(error)) throw error;
    }
    await sleep(200);
  }
}

/** Your work goes here. After a crash, the last activity may be repeated: compare its position. */
function handle(activity: Activity) {
  console.log(`${activity.position} ${activity.type}`);
}

/** Stores the position after the work, atomically. */
function keep(kept: { position: bigint; epoch: bigint }) {
  writeFileSync(`${KEPT}.new`, JSON.stringify(kept, (_, value) => (typeof value === "bigint" ? `${value}` : value)));
  renameSync(`${KEPT}.new`, KEPT);
}

const token = process.env.DOCKET_TOKEN;
const command = process.argv[2];
if (!token || (command !== "tour" && command !== "follow")) {
  console.error("usage: DOCKET_TOKEN=... npm run tour|follow");
  process.exit(2);
}
/** Sends the token with every call. */
const authorize: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${token}`);
  return next(request);
};
// Beyond this machine: https://.
const baseUrl = `http://${process.env.DOCKET_ADDRESS ?? "127.0.0.1:50051"}`;
const transport = createGrpcTransport({ baseUrl, interceptors: [authorize] });
try {
  await (command === "tour" ? tour(createClient(TicketService, transport)) : follow(createClient(ActivityService, transport)));
} catch (error) {
  console.error(`${ConnectError.from(error)}`);
  process.exit(1);
}
