//! Lists as CSV (RFC 4180). What a spreadsheet would take for a formula is told from one by a quote before it.

use serde_json::Value;

use super::table::Head;

/// A header with the fields' names, and a line for each row.
pub fn csv(columns: &[Head], rows: &[Value], local: bool) -> String {
    let header = columns.iter().map(|column| cell(&column.field.path()));
    let mut text = line(header);
    for row in rows {
        text.push_str(&line(columns.iter().map(|column| cell(&column.field.text(row, local)))));
    }
    text
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_quoted_and_no_cell_is_a_formula() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-5", "-5"),
            ("-a,b", "\"'-a,b\""),
            ("+49 30", "'+49 30"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
