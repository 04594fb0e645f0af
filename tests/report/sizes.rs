//! Banks of 5 to 5,000 items, and names that nobody expects.

use crate::{calibrated, report, run};
use postgres::Client;

/// Most bytes of a page about 500 items.
const MOST_OF_500: usize = 2 << 20;
/// Items that are drawn.
const DRAWN: usize = 60;

/// Names that an application could have given to items.
pub const HOSTILE: [&str; 8] = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=\"window.pwned = 1\">",
    "</style></title></svg><b>bold & \"quoted\" 'twice'</b>",
    "שאלה 12 عربي \u{202E}backwards",
    "👩‍👩‍👧‍👦🧪 emoji",
    "line\nbreak\tand \u{1}control",
    "&lt;already escaped&gt; ' OR 1=1; --",
    "{{mustache}} ${template} `tick` \\u003cscript\\u003e",
];

/// A page about items with these names, one of them of 10 kB, whose keys are wrong.
pub fn of_hostile_names(client: &mut Client) -> String {
    for (number, name) in HOSTILE.iter().enumerate() {
        let old = format!("Item {}", number + 1);
        rename(client, &old, name);
    }
    rename(client, "Item 9", &format!("<b>{}</b>", "long".repeat(2_500)));
    let flip = "UPDATE responses SET is_correct = NOT is_correct \
                WHERE question_id NOT LIKE 'Item%' AND length(question_id) % 2 = 0";
    client.batch_execute(flip).unwrap();
    run(client);
    report(client, "")
}

fn rename(client: &mut Client, old: &str, new: &str) {
    for (table, column) in [("questions", "id"), ("responses", "question_id")] {
        let update = format!("UPDATE {table} SET {column} = $2 WHERE {column} = $1");
        client.execute(&update, &[&old, &new]).unwrap();
    }
}

#[test]
fn pages_of_all_sizes_are_whole() {
    for (items, persons) in [(5, 300), (50, 500), (500, 2_500), (5_000, 12_500)] {
        let (_cluster, mut client) = calibrated(items, persons);
        let page = report(&mut client, "");
        let rows = page.split("All items, the worst first</caption>").nth(1).unwrap();
        let rows = rows.split("</table>").next().unwrap().matches("<tr>").count() - 1;
        assert_eq!(rows, items as usize, "every item is in the table");
        // A first run has nothing to be compared with.
        assert_eq!(page.matches("<svg role=\"img\"").count(), 4 + DRAWN.min(items as usize));
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
        assert!(page.is_ascii(), "no encoding can spoil it");
        if items == 500 {
            assert!(page.len() <= MOST_OF_500, "{} bytes", page.len());
        }
        loads_nothing(&page);
    }
}

/// Nothing in the page makes a browser ask for anything.
fn loads_nothing(page: &str) {
    for loading in ["src=", "http://", "https://", "url(", "@import", "<link", "<iframe", "<base"] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn names_are_text_whatever_they_say() {
    let (_cluster, mut client) = calibrated(30, 500);
    let page = of_hostile_names(&mut client);
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    for injected in ["<img", "<b>", "onerror=\"", "\u{202E}", "&#8238;", "&#1;"] {
        assert!(!page.contains(injected), "{injected:?} got through");
    }
    for shown in ["&lt;script&gt;window.pwned", "&amp;lt;already", "&#128105;", "&#1513;&#1488;"] {
        assert!(page.contains(shown), "{shown} is missing");
    }
    // The whole of 10 kB is there once, in a title; what is seen is clipped.
    assert_eq!(
        page.matches(&"long".repeat(2_500)).count(),
        page.matches(&format!("title=\"&lt;b&gt;{}", "long".repeat(2_500))).count()
    );
}
