//! Reference of all settings: the text of docs/configuration.md.

use std::fmt::Write;

use super::keys::{self, Setting};

const HEAD: &str = "\
# Configuration

`docket serve` is configured by a YAML file (`--config FILE`), environment variables, and flags (`--set KEY=VALUE`). Flags override
the environment, the environment overrides the file, and the file overrides the defaults. `docket config check FILE` reports every
problem with its line and column. This page is the output of `docket config reference`.

A dot in a key is a level in the file:

```yaml not-run: the files that it names are yours; e2e/test_deploy.py checks one like it
listen: 0.0.0.0:50051
tls:
  cert: /etc/docket/tls.crt
  key: /etc/docket/tls.key
tokens:
  keys: [/etc/docket/jwks.json]
page_token_secret_file: /etc/docket/page-token-secret
database:
  url_file: /etc/docket/database-url
```

A size is a number of bytes, or a number with KiB, MiB or GiB; a duration is a number with ms, s, m, h or d. In environment variables
and flags, the items of a list are separated by commas, and so are those of a map: `support-agent=agent,support-boss=admin`. An empty
variable counts as unset. `tokens.keys` or `tokens.jwks_url`, `page_token_secret_file`, and `database.url` or `database.url_file` are
required.
";

/// The whole page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut section = "";
    for setting in keys::all() {
        let title = title(setting);
        if section != title {
            section = title;
            // Writing to a String cannot fail.
            let _ = write!(page, "\n## {title}\n\n| key | environment | type | default | |\n|---|---|---|---|---|\n");
        }
        let _ = writeln!(page, "{}", row(setting));
    }
    page
}

/// Title of the section that the setting belongs to.
fn title(setting: &Setting) -> &'static str {
    match setting.key.split_once('.') {
        Some((section, _)) => section,
        None if setting.key.starts_with("log") => "Logging",
        None => "Server",
    }
}

fn row(setting: &Setting) -> String {
    let default = match setting.default() {
        none if none.is_empty() => String::new(),
        text => format!("`{text}`"),
    };
    let Setting { key, kind, meaning, .. } = setting;
    format!("| `{key}` | `{}` | {kind} | {default} | {meaning} |", setting.environment())
}
