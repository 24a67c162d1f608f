//! Cache of compiled filters: programs use the same few again and again, and parsing one costs as much as reading a
//! page.

use quick_cache::sync::Cache;

use crate::workflow::schema::Root;
use crate::workflow::{Filter, Problem};

/// The least used are evicted.
const CAPACITY: usize = 512;

/// A filter of the same text over the same resource is compiled once. It holds nothing of a caller or a tenant.
pub struct Filters(Cache<(Root, String), Filter>);

impl Default for Filters {
    fn default() -> Filters {
        Filters(Cache::new(CAPACITY))
    }
}

impl Filters {
    /// See [`Filter::compile`] and, for [`Root::Activity`], [`Filter::of_log`]. Errors are not cached.
    pub fn get(&self, source: &str, root: Root) -> Result<Filter, Vec<Problem>> {
        self.0.get_or_insert_with(&(root, source.to_owned()), || match root {
            Root::Activity => Filter::of_log(source),
            root => Filter::compile(source, root),
        })
    }
}
