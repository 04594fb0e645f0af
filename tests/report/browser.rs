//! The page in the distribution's Chromium: nothing on the console, nothing overlaps, columns sort,
//! and it is whole without script and on paper.

use crate::chromium::{self, Browser};
use crate::sizes::of_hostile_names;
use crate::{FLIP, calibrated, report, run};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What is wrong with the layout.
const GEOMETRY: &str = include_str!("geometry.js");
/// Where scripts/axe.sh puts it.
const AXE: &str = "axe-core-4.14.1/axe.min.js";
/// What axe-core finds, each with the element; `axe` is there already.
const FINDINGS: &str = "axe.run(document).then((found) => found.violations.flatMap((violation) => \
    violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))";
/// Widths of a telephone, a tablet and a desk.
const WIDTHS: [u32; 3] = [360, 768, 1440];

/// A browser, or `None`, said so, where there is none.
fn browser() -> Option<Browser> {
    let program = chromium::program();
    if program.is_none() {
        eprintln!("not tested: no chromium (scripts/setup.sh test installs Debian's)");
    }
    program.map(|program| Browser::start(&program))
}

/// A file with the page in it; its folder is gone with the value.
struct Page {
    file: PathBuf,
}

impl Page {
    fn new(name: &str, page: &str) -> Self {
        let file =
            std::env::temp_dir().join(format!("irt-page-{name}-{}.html", std::process::id()));
        std::fs::write(&file, page).unwrap();
        Self { file }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Asserts that the page is laid out well at every width, in both colours, and on paper.
fn is_laid_out_well(browser: &mut Browser, page: &Page) {
    for width in WIDTHS {
        browser.resize(width);
        for (media, colours) in [("screen", "light"), ("screen", "dark"), ("print", "light")] {
            // Paper is as wide as a tablet.
            if media == "print" && width != WIDTHS[1] {
                continue;
            }
            browser.emulate(media, colours);
            browser.open(&page.file);
            assert_eq!(browser.console(), Vec::<&Value>::new(), "{width} {media} {colours}");
            let wrong = browser.evaluate(GEOMETRY);
            assert_eq!(wrong, json!([]), "{} at {width}, {media}, {colours}", page.file.display());
        }
    }
    browser.emulate("screen", "light");
    // What is behind the pictures, too.
    browser.resize(WIDTHS[0]);
    browser.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    assert_eq!(browser.evaluate(GEOMETRY), json!([]), "with all numbers shown");
}

#[test]
fn it_is_laid_out_well_sorts_and_is_whole_without_script_and_on_paper() {
    let Some(mut browser) = browser() else { return };
    let (_cluster, mut client) = calibrated(50, 800);
    client.batch_execute(FLIP).unwrap();
    run(&mut client);
    let page = Page::new("held", &report(&mut client, ""));
    is_laid_out_well(&mut browser, &page);
    satisfies_axe(&mut browser, &page);
    sorts(&mut browser, &page);
    has_two_colours(&mut browser, &page);
    prints(&mut browser);
    is_whole_without_script(&mut browser, &page);
    let before = Page::new("in-force", &report(&mut client, "run_id => 1"));
    is_laid_out_well(&mut browser, &before);
    let two = Page::new("two", &report(&mut client, "run_id => 2, with_run_id => 1"));
    is_laid_out_well(&mut browser, &two);
}

/// What a screen reader stumbles over, and contrasts that are too low; said where axe-core is not.
fn satisfies_axe(browser: &mut Browser, page: &Page) {
    let home = std::env::var("HOME").unwrap_or_default();
    let cache = std::env::var("XDG_CACHE_HOME").unwrap_or_else(|_| format!("{home}/.cache"));
    let Ok(axe) = std::fs::read_to_string(format!("{cache}/irt_calibration/{AXE}")) else {
        eprintln!("not tested: no axe-core (scripts/axe.sh fetches it where there is npm)");
        return;
    };
    for colours in ["light", "dark"] {
        for width in [WIDTHS[0], WIDTHS[2]] {
            browser.resize(width);
            browser.emulate("screen", colours);
            browser.open(&page.file);
            browser.evaluate(&format!("{axe};0"));
            browser.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
            assert_eq!(browser.evaluate(FINDINGS), json!([]), "{colours}, {width}");
        }
    }
    browser.emulate("screen", "light");
}

fn sorts(browser: &mut Browser, page: &Page) {
    browser.open(&page.file);
    let column = "(() => {
        const table = document.querySelector('#items table');
        const number = Array.from(table.tHead.rows[0].cells)
            .findIndex((heading) => heading.textContent.startsWith('Difficulty'));
        table.tHead.rows[0].cells[number].querySelector('button').click();
        return [table.tHead.rows[0].cells[number].getAttribute('aria-sort'),
            Array.from(table.tBodies[0].rows, (row) => row.cells[number].dataset.value)];
    })()";
    for (order, sign) in [("ascending", 1.0), ("descending", -1.0)] {
        let found = browser.evaluate(column);
        assert_eq!(found[0], order);
        let values: Vec<f64> = found[1]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|value| value.as_str()?.parse().ok())
            .collect();
        assert_eq!(values.len(), 50);
        assert!(values.is_sorted_by(|a, b| sign * a <= sign * b), "{order}: {values:?}");
    }
    assert!(browser.console().is_empty(), "{:?}", browser.console());
}

fn has_two_colours(browser: &mut Browser, page: &Page) {
    let mut colours = Vec::new();
    for scheme in ["light", "dark"] {
        browser.emulate("screen", scheme);
        browser.open(&page.file);
        colours.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(colours[0], colours[1]);
    browser.emulate("screen", "light");
}

fn prints(browser: &mut Browser) {
    let printed = browser.call("Page.printToPDF", &json!({"printBackground": true}));
    let data = printed["data"].as_str().unwrap();
    assert!(data.starts_with("JVBERi"), "a PDF begins with %PDF");
    assert!(data.len() > 50_000, "{} letters of a PDF", data.len());
}

fn is_whole_without_script(browser: &mut Browser, page: &Page) {
    let count = "['section', 'svg[role=img]', 'tbody tr', 'details'] \
        .map((what) => document.querySelectorAll(what).length)";
    browser.open(&page.file);
    let with = browser.evaluate(count);
    browser.call("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.open(&page.file);
    assert_eq!(browser.evaluate(count), with);
    assert_eq!(browser.evaluate("document.querySelectorAll('thead button').length"), json!(0));
    assert_eq!(browser.evaluate(GEOMETRY), json!([]));
    browser.call("Emulation.setScriptExecutionDisabled", &json!({"value": false}));
}

#[test]
fn names_inject_nothing_and_break_nothing() {
    let Some(mut browser) = browser() else { return };
    let (_cluster, mut client) = calibrated(30, 500);
    let page = Page::new("hostile", &of_hostile_names(&mut client));
    is_laid_out_well(&mut browser, &page);
    satisfies_axe(&mut browser, &page);
    assert_eq!(browser.evaluate("typeof window.pwned"), json!("undefined"));
    let injected = "document.querySelectorAll('img, b, bdi *').length";
    assert_eq!(browser.evaluate(injected), json!(0));
}
