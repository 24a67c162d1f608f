// One effect for each job: it adds a tag to the ticket. Answers each line of its input with the number of jobs done so far.
//
// node worker.mjs DATABASE_URL JOBS_AT_A_TIME
import { createInterface } from "node:readline";
import { Logger, run, runMigrations } from "graphile-worker";
import pg from "pg";

const [database, jobsAtATime] = process.argv.slice(2);
const jobs = Number(jobsAtATime);
// libpq's form of an address, which the client does not read by itself.
const { host, port, user, dbname } = Object.fromEntries(
  database.split(" ").map((part) => part.replaceAll("'", "").split("=")),
);
const pgPool = new pg.Pool({ host, port: Number(port), user, database: dbname, max: jobs + 2 });
const complain = (error) => console.error(error.message);
pgPool.on("error", complain);
pgPool.on("connect", (client) => client.on("error", complain));
const quiet = new Logger(() => (level, message) => {
  if (level === "error") console.error(message);
});
let done = 0;

async function tag({ tenant, id }, { withPgClient }) {
  await withPgClient((client) =>
    client.query({
      name: "tag",
      text: `UPDATE ticket SET tags = tags || '["seen"]', version = version + 1, updated_at = now()
             WHERE tenant_id = $1 AND id = $2`,
      values: [tenant, id],
    }),
  );
  done += 1;
}

// The settings that its documentation recommends for many short jobs: fetched and completed in batches.
const preset = {
  worker: {
    concurrentJobs: jobs,
    localQueue: { size: 500 },
    completeJobBatchDelay: 50,
    logger: quiet,
  },
};
await runMigrations({ preset, pgPool });
const runner = await run({ preset, pgPool, noHandleSignals: true, taskList: { tag } });
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(done);
}
await runner.stop();
process.exit(0);
