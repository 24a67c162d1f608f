//! Slips in the keys of a file: told once each, and beside everything else that is wrong.

use crate::workflow::set::RuleSet;

fn findings(source: &str) -> Vec<String> {
    let found = RuleSet::from_sources(vec![("r.yaml".into(), source.into())]).expect_err("is refused");
    found.into_iter().map(|d| format!("{}:{} {}: {} | {}", d.line, d.column, d.code, d.message, d.hint)).collect()
}

#[test]
fn every_slip_of_the_file_is_told_with_its_place() {
    let source = "\
name: Bad Name
onn: ticket.created
on: ticket.craeted
if: ticket.priorty == 'HIGH'
do:
  - set: {priority: HIHG}
  - tga: {add: x}
";
    assert_eq!(
        findings(source),
        [
            "1:7 name: `Bad Name` is no name for a rule | a small letter first, then small letters, digits and -, 63 at most",
            "2:1 unknown-key: a rule has no key `onn` | did you mean `on`?",
            "3:5 unknown-event: there is no event `ticket.craeted` | did you mean `ticket.created`?",
            "4:12 unknown-field: ticket has no field `priorty` | did you mean `priority`?",
            "6:21 unknown-word: `HIHG` is no priority | did you mean `HIGH`?",
            "7:5 unknown-key: an action has no key `tga` | did you mean `tag`?",
        ]
    );
}

#[test]
fn a_key_that_nobody_knows_hides_nothing_and_is_told_once() {
    for (source, expected) in [
        // Read as what was meant, in a trigger and in an action, too.
        (
            "nmae: a\non: {aftr: 0h, since: ticket.created_at}\ndo: [{tga: {ad: [1]}}]\n",
            "1:1 unknown-key,2:6 unknown-key,2:12 unknown-word,3:7 unknown-key,3:13 unknown-key,3:18 grammar",
        ),
        (
            "name: a\non: ticket.created\nif: ticket.nummer > 1\nzebra: 1\ndo: [{zebra: 1}, {tag: {add: x}}]\n",
            "3:12 unknown-field,4:1 unknown-key,5:7 unknown-key",
        ),
        (
            "name: a\non: {zebra: 1}\nlimits: {zebra: 1}\nrollout: {}\ndo: [{tag: {add: x}}]\n",
            "2:6 unknown-key,3:10 unknown-key,4:10 grammar",
        ),
        ("zebra: 1\non: ticket.created\ndo: []\n", "1:1 unknown-key"),
        (
            "name: a\non: ticket.created\non_error: stp\nlimits: {per_tikcet: 1}\ndo: [{tag: {add: x}}]\n",
            "3:11 grammar,4:10 unknown-key",
        ),
        (
            "name: a\ntriggers: ticket.created\non: ticket.craeted\ndo: [{tag: {add: x}}]\n",
            "3:1 grammar,3:5 unknown-event",
        ),
    ] {
        let found: Vec<String> =
            findings(source).iter().map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect();
        assert_eq!(found.join(","), expected, "{source}");
    }
}
