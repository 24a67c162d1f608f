//! Plan settings for statements that find rows by key, so that a plan made once stays right while tables grow.

use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// Settings for a connection that runs nothing else. Only index plans, whatever the tables hold now; and each row that is
/// touched is dear, so that the rows sent drive a join though the statistics still tell of a table of two rows. Without this
/// a table that grew after it was analyzed is walked from end to end for each row sent.
pub const BY_KEY: &str = "
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
    SET random_page_cost = 0; SET seq_page_cost = 0; SET cpu_operator_cost = 0;
    SET cpu_index_tuple_cost = 1000; SET cpu_tuple_cost = 1000;
    SET jit = off;
";

/// Of a table analyzed with a single row every plan costs the same; but planning looks at how large the table is now.
const KEEP_FOR: Duration = Duration::from_secs(5);

/// When a connection's statements were last planned.
pub struct Planned(Instant);

impl Planned {
    pub fn now() -> Planned {
        Planned(Instant::now())
    }

    /// Has the statements planned anew when that was long ago.
    pub async fn refresh(&mut self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        if self.0.elapsed() > KEEP_FOR {
            conn.batch_execute("DISCARD PLANS").await?;
            *self = Planned::now();
        }
        Ok(())
    }
}
