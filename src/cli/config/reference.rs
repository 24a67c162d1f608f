//! The reference of all settings, as docs/configuration.md has it.

use std::fmt::Write;

use super::keys::{self, Setting};

const HEAD: &str = "\
# Configuration

`docket serve` is configured by a YAML file (`--config FILE`), by the environment, and by flags (`--set KEY=VALUE`). A flag wins
over the environment, the environment over the file, the file over the default. `docket config check FILE` tells everything that
is wrong, each with its line and column. This page is the output of `docket config reference`.

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

Sizes are bytes, or a number with KiB, MiB or GiB; lengths of time have ms, s, m, h or d; lists in the environment and in flags
have commas. An empty variable counts as none. Required are `tokens.keys`, `page_token_secret_file`, and `database.url` or
`database.url_file`.
";

/// The whole page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut section = None;
    for setting in keys::all() {
        let of = setting.key.split_once('.').map_or("", |(section, _)| section);
        if section != Some(of) {
            section = Some(of);
            let title = if of.is_empty() { "The server" } else { of };
            // Written to a String: it cannot fail.
            let _ = write!(page, "\n## {title}\n\n| key | environment | type | default | |\n|---|---|---|---|---|\n");
        }
        let _ = writeln!(page, "{}", row(setting));
    }
    page
}

fn row(setting: &Setting) -> String {
    let default = match setting.default() {
        none if none.is_empty() => String::new(),
        text => format!("`{text}`"),
    };
    let Setting { key, kind, meaning, .. } = setting;
    format!("| `{key}` | `{}` | {kind} | {default} | {meaning} |", setting.environment())
}
