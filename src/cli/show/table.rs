//! Tables that fit the terminal: less important columns are dropped and reported, and the last text column wraps.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::Field;
use super::paint::{Paint, hue};

/// Space between columns.
const GAP: usize = 2;
/// Minimum width of a wrapped column.
const NARROWEST: usize = 16;

pub struct Head {
    pub field: Field,
    pub title: String,
    pub rank: u8,
}

struct Column {
    title: String,
    rank: u8,
    width: usize,
    /// Whether the column may be wrapped.
    text: bool,
    cells: Vec<String>,
    word: bool,
}

pub struct Table {
    columns: Vec<Column>,
}

pub struct Fitted {
    columns: Vec<Column>,
    /// Titles of the dropped columns.
    pub shed: String,
}

impl Table {
    pub fn new(heads: &[Head], rows: &[Value], local: bool) -> Table {
        let column = |head: &Head| {
            let cells: Vec<String> = rows.iter().map(|row| head.field.text(row, local)).collect();
            let width = cells.iter().map(|cell| cell.width()).chain([head.title.width()]).max().unwrap_or_default();
            let (text, word) = (!head.field.whole(), head.field.word());
            Column { title: head.title.clone(), rank: head.rank, width, text, cells, word }
        };
        Table { columns: heads.iter().map(column).collect() }
    }

    /// With `shedding`, drops columns that do not fit; otherwise only wraps.
    pub fn fit(self, width: Option<usize>, shedding: bool) -> Fitted {
        let mut columns = self.columns;
        let mut shed = Vec::new();
        if let Some(width) = width {
            if shedding && total(&columns) > width {
                // Empty columns are dropped without being reported.
                columns.retain(|column| column.rank == 0 || column.cells.iter().any(|cell| !cell.is_empty()));
            }
            while least(&columns) > width && shedding {
                let Some(worst) = (0..columns.len()).filter(|n| columns[*n].rank > 0).max_by_key(|n| columns[*n].rank)
                else {
                    break;
                };
                shed.push(columns.remove(worst).title);
            }
            let all = total(&columns);
            if let Some(last) = columns.iter_mut().rfind(|column| column.text)
                && all > width
            {
                let room = width.saturating_sub(all - last.width);
                last.width = room.max(NARROWEST.min(last.width));
            }
        }
        Fitted { columns, shed: shed.join(", ") }
    }
}

fn total(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.width).sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

/// Width of the table with the last text column at its minimum.
fn least(columns: &[Column]) -> usize {
    let spare = columns.iter().rfind(|column| column.text).map_or(0, |c| c.width.saturating_sub(NARROWEST));
    total(columns) - spare
}

impl Fitted {
    pub fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        let titles: Vec<Vec<String>> = self.columns.iter().map(|column| vec![column.title.clone()]).collect();
        self.line(&titles, |_, title| paint.on("1", title), &mut text);
        let rows = self.columns.first().map_or(0, |column| column.cells.len());
        for row in 0..rows {
            let cells: Vec<Vec<String>> = self.columns.iter().map(|c| wrapped(&c.cells[row], c.width)).collect();
            let colour = |column: &Column, cell: &str| paint.on(if column.word { hue(cell) } else { "" }, cell);
            self.line(&cells, colour, &mut text);
        }
        text
    }

    /// Renders a row, which may span several lines.
    fn line(&self, cells: &[Vec<String>], colour: impl Fn(&Column, &str) -> String, text: &mut String) {
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        for n in 0..height {
            let mut line = String::new();
            let mut pending = 0;
            for (column, cell) in self.columns.iter().zip(cells) {
                let cell = cell.get(n).map(String::as_str).unwrap_or_default();
                if !cell.is_empty() {
                    line.push_str(&" ".repeat(pending));
                    pending = 0;
                    line.push_str(&colour(column, cell));
                }
                pending += column.width.saturating_sub(cell.width()) + GAP;
            }
            text.push_str(&line);
            text.push('\n');
        }
    }
}

/// Wraps a text at spaces if possible, so that no line is wider than `width`.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let needed = word.width();
        if used > 0 && used + 1 + needed <= width {
            used += 1 + needed;
            push(&mut lines, ' ');
            lines.last_mut().into_iter().for_each(|line| line.push_str(word));
            continue;
        }
        if used > 0 {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or_default();
            if used + wide > width && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            used += wide;
            push(&mut lines, c);
        }
    }
    lines
}

fn push(lines: &mut [String], c: char) {
    if let Some(line) = lines.last_mut() {
        line.push(c);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::show::layout::TICKET;
    use crate::grpc::rest::Schema;

    fn table(rows: &[Value]) -> Table {
        let schema = Schema::new().expect("descriptors");
        let ticket = schema.message("Ticket").expect("Ticket");
        let head = |column: &crate::cli::show::layout::Column| Head {
            field: Field::find(&ticket, column.path).expect(column.path),
            title: column.title.to_owned(),
            rank: column.rank,
        };
        let heads: Vec<Head> = TICKET.columns.iter().map(head).collect();
        Table::new(&heads, rows, false)
    }

    fn row() -> Value {
        json!({"display_number": "TKT-0042", "status": "IN_PROGRESS", "priority": "HIGH", "assignee_id": "ann",
            "updated_at": "2026-01-31T09:00:00Z", "subject": "The printer on the third floor is slow"})
    }

    #[test]
    fn without_a_terminal_everything_is_on_one_line() {
        let text = table(&[row()]).fit(None, true).render(Paint::plain());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "NUMBER    STATUS       PRIORITY  ASSIGNEE  TEAM  TAGS  UPDATED               SUBJECT");
        assert!(lines[1].ends_with("2026-01-31 09:00:00Z  The printer on the third floor is slow"), "{text}");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn forty_columns_are_never_exceeded_and_lose_no_word() {
        let fitted = table(&[row()]).fit(Some(40), true);
        assert_eq!(fitted.shed, "UPDATED, ASSIGNEE, PRIORITY");
        let text = fitted.render(Paint::plain());
        assert_eq!(
            text,
            "NUMBER    STATUS       SUBJECT\nTKT-0042  IN_PROGRESS  The printer on\n                       the third floor\n\
             \x20                      is slow\n"
        );
        assert!(text.lines().all(|line| line.width() <= 40));
        let painted = table(&[row()]).fit(Some(40), true).render(Paint::always());
        assert!(painted.contains("\x1b[32mIN_PROGRESS\x1b[0m  The"), "{painted:?}");
    }

    #[test]
    fn wide_characters_count_twice_and_long_words_break() {
        assert_eq!(wrapped("日本語のチケット", 6), ["日本語", "のチケ", "ット"]);
        assert_eq!(wrapped("a verylongword b", 6), ["a", "verylo", "ngword", "b"]);
        assert_eq!(wrapped("", 6), [""]);
        assert_eq!(wrapped("x  y", 80), ["x  y"]);
    }
}
