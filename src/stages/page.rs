//! A stage's page as data: its prose, and its fences, which are run as tests and shown as examples.

/// A section of a page that shows something: the tables it needs, a pipeline, and what comes of it.
#[derive(Debug, Clone, Default)]
pub struct Example {
    /// The heading it stands under.
    pub title: String,
    /// The line of the page where the pipeline fence starts, from 1.
    pub line: usize,
    /// The tables, by name, as CSV.
    pub tables: Vec<(String, String)>,
    /// The `stages:` of a pipeline.
    pub pipeline: String,
    /// The tables that come out, as CSV, by `stage` or `stage.side`.
    pub gives: Vec<(String, String)>,
    /// What is said: diagnostics, or cautions, line by line.
    pub says: Option<String>,
}

/// The examples of a page, in order. A fence belongs to the section of its heading; tables written
/// before the first pipeline of a page serve all its examples.
pub fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut title = String::new();
    let mut tables: Vec<(String, String)> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(heading) = line.strip_prefix('#') {
            title = heading.trim_start_matches('#').trim().to_owned();
            continue;
        }
        let Some(words) = line.strip_prefix("```") else { continue };
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut body = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim_end() == "```" {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        match words.as_slice() {
            ["csv", "table", name] => {
                tables.retain(|(other, _)| other != name);
                tables.push(((*name).to_owned(), body));
            }
            ["yaml", "pipeline"] => examples.push(Example {
                title: title.clone(),
                line: at + 2,
                tables: tables.clone(),
                pipeline: body,
                ..Default::default()
            }),
            ["csv", "gives", table] => {
                if let Some(example) = examples.last_mut() {
                    example.gives.push(((*table).to_owned(), body));
                }
            }
            ["text", "says"] => {
                if let Some(example) = examples.last_mut() {
                    example.says = Some(body);
                }
            }
            _ => {}
        }
    }
    examples
}

impl Example {
    /// The example as a whole pipeline file that reads its tables from `<name>.csv` beside it, with the
    /// column types that their cells show.
    pub fn file(&self, name: &str) -> String {
        let mut text = format!("version: 1\nname: {name}\n\ndatasets:\n");
        for (table, csv) in &self.tables {
            if !self.mentions(table) {
                continue;
            }
            let types: Vec<String> = column_types(csv)
                .into_iter()
                .filter(|(_, kind)| *kind != "text")
                .map(|(column, kind)| format!("{}: {kind}", quoted(&column)))
                .collect();
            let types =
                if types.is_empty() { String::new() } else { format!(", types: {{ {} }}", types.join(", ")) };
            text.push_str(&format!("  {table}: {{ path: {table}.csv{types} }}\n"));
        }
        text.push('\n');
        text.push_str(&self.pipeline);
        text
    }

    /// Whether the pipeline names a table, so that an example has no dataset that nobody reads.
    pub fn mentions(&self, table: &str) -> bool {
        self.pipeline
            .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .any(|word| word == table)
    }
}

/// The columns of a small CSV text and the types that all its cells have: `integer`, `float`,
/// `boolean`, `date`, else `text`. An empty cell fits every type; a column of empty cells is text.
fn column_types(csv: &str) -> Vec<(String, &'static str)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_bytes());
    let header: Vec<String> =
        reader.headers().map(|header| header.iter().map(str::to_owned).collect()).unwrap_or_default();
    let rows: Vec<csv::StringRecord> = reader.records().filter_map(Result::ok).collect();
    header
        .into_iter()
        .enumerate()
        .map(|(at, column)| {
            let cells: Vec<&str> =
                rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty()).collect();
            let all = |fits: fn(&str) -> bool| !cells.is_empty() && cells.iter().all(|cell| fits(cell));
            let kind = match () {
                _ if all(|cell| cell.parse::<i64>().is_ok()) => "integer",
                _ if all(|cell| cell.parse::<f64>().is_ok_and(f64::is_finite)) => "float",
                _ if all(|cell| matches!(cell, "true" | "false")) => "boolean",
                _ if all(|cell| cell.len() == 10 && cell.parse::<jiff::civil::Date>().is_ok()) => "date",
                _ => "text",
            };
            (column, kind)
        })
        .collect()
}

fn quoted(column: &str) -> String {
    let plain = column.starts_with(|c: char| c.is_ascii_alphabetic())
        && column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        column.to_owned()
    } else {
        format!("\"{}\"", column.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_become_examples() {
        let page = "# T\n\n```csv table a\nx,y,d\n1,b,2026-01-01\n,c,\n```\n\n## One\n\n```yaml pipeline\nstages:\n  s: { sql: { from: [a] } }\n```\n\n```csv gives s\nx\n1\n```\n";
        let examples = examples(page);
        assert_eq!(examples.len(), 1);
        assert_eq!(examples[0].title, "One");
        assert_eq!(examples[0].gives[0].0, "s");
        let file = examples[0].file("t");
        assert!(file.contains("a: { path: a.csv, types: { x: integer, d: date } }"), "{file}");
    }
}
