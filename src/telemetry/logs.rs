//! Logging to stderr: human-readable on a terminal, JSON lines elsewhere. Panics are logged, too.

use std::io::IsTerminal;
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use super::TelemetryError;

/// Environment variables for the filter: the first that is set and not empty applies, otherwise `info`.
const FILTERS: [&str; 2] = ["DOCKET_LOG", "RUST_LOG"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// Human-readable on a terminal, otherwise JSON.
    #[default]
    Auto,
    Human,
    Json,
}

/// Starts logging for the whole process; call it once. If `given` is absent, the environment sets the filter.
pub fn init_logs(format: LogFormat, given: Option<String>) -> Result<(), TelemetryError> {
    let set = given.map(|text| (FILTERS[0], text)).or_else(|| {
        FILTERS.into_iter().find_map(|name| {
            let value = std::env::var(name).ok()?;
            (!value.is_empty()).then_some((name, value))
        })
    });
    let filter = filter(set)?;
    let terminal = std::io::stderr().is_terminal();
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        logs.json().flatten_event(true).finish().try_init()
    } else {
        logs.with_ansi(terminal).finish().try_init()
    };
    started.map_err(|_| TelemetryError::LogsTwice)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// # Errors
/// Why the filter is invalid.
pub fn check_filter(text: &str) -> Result<(), String> {
    EnvFilter::builder().parse(text).map(|_| ()).map_err(|error| error.to_string())
}

fn filter(set: Option<(&'static str, String)>) -> Result<EnvFilter, TelemetryError> {
    let (variable, text) = set.unwrap_or((FILTERS[0], "info".into()));
    EnvFilter::builder().parse(text).map_err(|error| TelemetryError::BadFilter { variable, problem: error.to_string() })
}

fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let problem = text.unwrap_or("no message");
    let thread = std::thread::current();
    tracing::error!(place, thread = thread.name(), "Panic: {problem}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_filter_is_refused_with_the_variable_that_holds_it() {
        assert_eq!(filter(None).expect("the default").to_string(), "info");
        let good = filter(Some(("RUST_LOG", "warn,docket=debug".into()))).expect("a filter");
        assert_eq!(good.to_string(), "docket=debug,warn");
        let refused = filter(Some(("DOCKET_LOG", "docket=loud".into()))).expect_err("no filter").to_string();
        assert!(refused.starts_with("DOCKET_LOG is not a valid log filter"), "{refused}");
    }
}
