//! README.md tells the truth: its SQL is executed, and what it says is printed is compared.
//!
//! Each ```` ```sql ```` block is given to psql, in order, in one database with
//! LSAT7 in `responses` and `questions`. Where a ```` ```text ```` block follows,
//! psql must print that, but for white space and times.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod common;

use common::Cluster;

#[test]
fn the_readme_prints_what_it_says() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let readme = include_str!("../README.md");
    let blocks = blocks(readme);
    assert!(blocks.iter().filter(|block| block.language == "sql").count() >= 5);
    for (position, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sql")
    {
        let output =
            cluster.psql(&["-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-q", "-c", &block.text]);
        let printed = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{complaints}", block.text);
        if let Some(expected) = blocks.get(position + 1).filter(|next| next.language == "text") {
            assert_eq!(
                normalised(&printed),
                normalised(&expected.text),
                "README.md says otherwise about:\n{}\nprinted:\n{printed}",
                block.text
            );
        }
    }
}

/// A fenced block of a Markdown file.
struct Block<'a> {
    language: &'a str,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language, text: body.join("\n") });
        }
    }
    blocks
}

/// `text` without what may differ: white space, the rules' lengths, moments.
fn normalised(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split_whitespace().map(without_time).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty() && !line.chars().all(|c| "-+".contains(c)))
        .collect()
}

fn without_time(word: &str) -> &str {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let marks = word.matches([':', '-']).count();
    if digits >= 6 && marks >= 2 && word.starts_with(|c: char| c.is_ascii_digit()) {
        "<time>"
    } else {
        word
    }
}
