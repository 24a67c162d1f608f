//! Caches of filters: programs use the same few again and again, and parsing one costs as much as reading a page.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::grpc::convert::params::FilterText;
use crate::workflow::cel::Parsed;
use crate::workflow::schema::Root;
use crate::workflow::{Filter, Params, Problem};

/// The least used are evicted.
const CAPACITY: usize = 512;

/// A filter of the same text over the same resource is compiled once; one with parameters is parsed once, and checked with each
/// request's values. They hold nothing of a caller or a tenant.
pub struct Filters {
    compiled: Cache<(Root, String), Filter>,
    parsed: Cache<String, Arc<Parsed>>,
}

impl Default for Filters {
    fn default() -> Filters {
        Filters { compiled: Cache::new(CAPACITY), parsed: Cache::new(CAPACITY) }
    }
}

impl Filters {
    /// See [`Filter::compile`] and, for [`Root::Activity`], [`Filter::of_log`]. Errors are not cached.
    pub fn get(&self, text: &FilterText, root: Root) -> Result<Filter, Vec<Problem>> {
        let FilterText { source, params } = text;
        if params.is_empty() {
            let parse = || Parsed::new(source).map_err(|problem| vec![problem]);
            return self.compiled.get_or_insert_with(&(root, source.clone()), || check(&parse()?, params, root));
        }
        let parsed = self.parsed.get_or_insert_with(source, || Parsed::new(source).map(Arc::new));
        check(&*parsed.map_err(|problem| vec![problem])?, params, root)
    }
}

fn check(parsed: &Parsed, params: &Params, root: Root) -> Result<Filter, Vec<Problem>> {
    match root {
        Root::Activity => Filter::of_log_with(parsed, params),
        root => Filter::with(parsed, params, root),
    }
}
