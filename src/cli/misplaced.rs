//! Words on the command line that belong behind a flag: `docket ticket create "Printer jams"`.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::grpc::rest::fold;

/// The flags that a text without one is most likely meant for, the best first.
const TEXTS: [&str; 4] = ["subject", "title", "name", "filter"];

/// Adds to the error of a word without a place the flag that it is for, where the verb has such a flag.
pub fn explain(root: &Command, words: impl Iterator<Item = OsString>, mut error: Error) -> Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return error };
    let word = word.clone();
    if let Some(flag) = flag_of(verb(root, words), &word).filter(|_| !word.starts_with('-')) {
        let tip = format!("it is given by a flag: --{flag} {word:?}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// The verb that the words lead to.
fn verb(root: &Command, words: impl Iterator<Item = OsString>) -> &Command {
    words.fold(root, |command, word| {
        let next = command.get_subcommands().find(|one| word.to_str().is_some_and(|word| is_called(one, word)));
        next.unwrap_or(command)
    })
}

fn is_called(command: &Command, word: &str) -> bool {
    command.get_name() == word || command.get_all_aliases().any(|alias| alias == word)
}

fn flag_of(verb: &Command, word: &str) -> Option<String> {
    let is_word = |arg: &&clap::Arg| {
        arg.get_long().is_some() && arg.get_possible_values().iter().any(|value| fold(value.get_name()) == fold(word))
    };
    let own = || verb.get_arguments().filter(|arg| !arg.is_global_set());
    let by_word = own().find(is_word);
    let by_name = || TEXTS.iter().find_map(|name| own().find(|arg| arg.get_long() == Some(*name)));
    by_word.or_else(by_name).and_then(|arg| arg.get_long()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::cli::noun::issue::IssueArgs;
    use crate::cli::noun::registry::TagsArgs;
    use crate::cli::noun::ticket::TicketArgs;

    fn told(words: &[&str]) -> String {
        let ticket = TicketArgs::augment_args(Command::new("ticket"));
        let issue = IssueArgs::augment_args(Command::new("issue"));
        let tags = TagsArgs::augment_args(Command::new("tags"));
        let mut root = Command::new("docket").subcommand(ticket).subcommand(issue).subcommand(tags);
        root.build();
        let all = || ["docket"].iter().chain(words).map(OsString::from);
        let error = root.clone().try_get_matches_from(all()).expect_err("a misplaced word");
        explain(&root, all().skip(1), error).to_string()
    }

    #[test]
    fn a_word_without_a_place_is_told_its_flag() {
        for (words, tip) in [
            (&["ticket", "create", "Printer jams"][..], "--subject \"Printer jams\""),
            (&["ticket", "new", "--priority", "high", "x"], "--subject \"x\""),
            (&["ticket", "update", "1", "urgent"], "--priority \"urgent\""),
            (&["ticket", "list", "Open"], "--status \"Open\""),
            (&["issue", "create", "Crash"], "--title \"Crash\""),
            (&["tags", "create", "vip"], "--name \"vip\""),
        ] {
            let told = told(words);
            assert!(told.contains(tip), "{words:?}: {told}");
        }
        assert!(!told(&["ticket", "create", "--prioritty", "high"]).contains("given by a flag"));
    }
}
