//! The statements of a page of the manual.

/// The SQL blocks of a Markdown page, in their order.
pub fn sql_blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next())
}

/// The SQL blocks of docs/operations.md that contain `word`, as one text.
pub fn documented_sql(word: &str) -> String {
    let blocks = sql_blocks(include_str!("../../docs/operations.md"));
    let chosen: Vec<&str> = blocks.filter(|block| block.contains(word)).collect();
    assert!(!chosen.is_empty(), "docs/operations.md has no SQL with {word}");
    chosen.concat()
}

/// The SQL blocks of a section of docs/operations.md, in their order.
pub fn documented_section(title: &str) -> Vec<&'static str> {
    let operations = include_str!("../../docs/operations.md");
    let section = operations.split("\n## ").find(|section| section.starts_with(title));
    sql_blocks(section.unwrap_or_else(|| panic!("there is no section {title}"))).collect()
}
