//! Links against references, and there and back.
//!
//! `PROPTEST_CASES` new inputs are tried where that is set, else the same 300.
#![allow(clippy::unwrap_used)]

mod common;

use common::data;
use common::random::cases;
use irt::linking::{CommonItem, Link, LinkingMethod, find_drift, link_scales};
use irt::{ItemParameters, Population, Quadrature};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Reference {
    ml: Estimates,
}

#[derive(Deserialize)]
struct Estimates {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    item: String,
    a: f64,
    b: f64,
}

fn grid() -> Quadrature {
    Quadrature::default()
}

fn links() -> Value {
    serde_json::from_str(&data("link.reference.json")).unwrap()
}

/// A method's name in equateIRT.
fn in_equate_irt(method: LinkingMethod) -> &'static str {
    match method {
        LinkingMethod::StockingLord => "Stocking-Lord",
        LinkingMethod::Haebara => "Haebara",
        LinkingMethod::MeanSigma => "mean-sigma",
    }
}

#[test]
fn the_constants_are_those_of_the_references() {
    let items = |name: &str| -> Vec<Item> {
        let text = data(&format!("{name}.reference.json"));
        serde_json::from_str::<Reference>(&text).unwrap().ml.items
    };
    let (onto, from) = (items("linkA"), items("linkB"));
    let pair = |from: &Item| {
        let onto = onto.iter().find(|onto| onto.item == from.item)?;
        Some(CommonItem::new(
            ItemParameters::new(from.a, from.b),
            ItemParameters::new(onto.a, onto.b),
        ))
    };
    let common: Vec<CommonItem> = from.iter().filter_map(pair).collect();
    assert_eq!(common.len(), 20);
    let reference = links();
    for (method, slope, intercept) in [
        (LinkingMethod::StockingLord, 1.182850, 0.476707),
        (LinkingMethod::Haebara, 1.170381, 0.467263),
        (LinkingMethod::MeanSigma, 1.157062, 0.466848),
    ] {
        let found = method.link(&common, &grid()).unwrap();
        assert!((found.slope - slope).abs() < 1e-5, "{method:?}: {found:?}");
        assert!((found.intercept - intercept).abs() < 1e-5, "{method:?}: {found:?}");
        let exact = &reference["equateIRT"][in_equate_irt(method)];
        println!(
            "{method:?}: {:.1e} and {:.1e} from equateIRT's",
            found.slope - exact["A"].as_f64().unwrap(),
            found.intercept - exact["B"].as_f64().unwrap(),
        );
    }
    // The same criteria on the same nodes, minimised by another program from mirt's estimates,
    // which agree with those in the files to 1e-6.
    for (method, name) in [(LinkingMethod::StockingLord, "SL"), (LinkingMethod::Haebara, "HB")] {
        let (found, own) = (method.link(&common, &grid()).unwrap(), &reference["own"][name]);
        let number = |name: &str| own[name].as_f64().unwrap();
        let theirs = Link { slope: number("A"), intercept: number("B") };
        assert!((found.slope - theirs.slope).abs() < 1e-6);
        assert!((found.intercept - theirs.intercept).abs() < 1e-6);
        let reached = criterion(method, &common, found);
        assert!((reached / number("crit") - 1.0).abs() < 1e-4);
        // No link nearby has a lower criterion.
        for (slope, intercept) in [(1e-5, 0.0), (-1e-5, 0.0), (0.0, 1e-5), (0.0, -1e-5)] {
            let Link { slope: a, intercept: b } = found;
            let near = Link { slope: a + slope, intercept: b + intercept };
            assert!(reached < criterion(method, &common, near));
        }
        assert!(reached <= criterion(method, &common, theirs));
    }
}

/// What the curve methods minimise, as their papers have it.
fn criterion(method: LinkingMethod, common: &[CommonItem], link: Link) -> f64 {
    let distances = |node: f64| {
        common
            .iter()
            .map(move |item| item.onto.probability(node) - link.item(item.from).probability(node))
    };
    let at = |node: f64| match method {
        LinkingMethod::StockingLord => distances(node).sum::<f64>().powi(2),
        _ => distances(node).map(|distance| distance * distance).sum(),
    };
    let quadrature = grid();
    let nodes = quadrature.nodes().iter().zip(Population::STANDARD.weights(&quadrature));
    nodes.map(|(node, weight)| weight * at(*node)).sum()
}

fn items(
    count: impl Into<prop::collection::SizeRange>,
) -> impl Strategy<Value = Vec<ItemParameters>> {
    vec((0.3f64..2.5, -2.5f64..2.5).prop_map(|(a, b)| ItemParameters::new(a, b)), count)
}

fn transforms() -> impl Strategy<Value = Link> {
    (0.5f64..2.0, -1.5f64..1.5).prop_map(|(slope, intercept)| Link { slope, intercept })
}

fn spread(items: &[ItemParameters]) -> f64 {
    let ends = items.iter().map(|item| item.difficulty);
    ends.clone().fold(f64::MIN, f64::max) - ends.fold(f64::MAX, f64::min)
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_bank_linked_onto_its_own_transform_gives_the_transform_back(
        items in items(5..60),
        truth in transforms(),
    ) {
        prop_assume!(spread(&items) > 0.5);
        let common: Vec<CommonItem> =
            items.iter().map(|item| CommonItem::new(*item, truth.item(*item))).collect();
        for method in LinkingMethod::ALL {
            let found = link_scales(&common, method, &grid()).unwrap();
            prop_assert!((found.link.slope - truth.slope).abs() < 1e-10, "{method:?} {found:?}");
            prop_assert!((found.link.intercept - truth.intercept).abs() < 1e-10);
            prop_assert!(!found.drifted.contains(&true));
        }
    }

    #[test]
    fn any_items_have_a_link_or_an_error(
        pairs in vec((
            prop_oneof![8 => -3.0f64..3.0, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => -1e6f64..1e6],
            prop_oneof![8 => -3.0f64..3.0, 1 => Just(0.0), 1 => Just(f64::INFINITY), 1 => -1e9f64..1e9],
            prop_oneof![6 => 0.3f64..3.0, 1 => Just(1.0), 1 => Just(-1.0), 1 => Just(1e6)],
            prop_oneof![6 => -3.0f64..3.0, 2 => Just(0.0), 1 => Just(1e12)],
        ), 0..16),
    ) {
        let common: Vec<CommonItem> = pairs
            .iter()
            .map(|(a, b, c, d)| CommonItem::new(ItemParameters::new(*a, *b), ItemParameters::new(*c, *d)))
            .collect();
        for method in LinkingMethod::ALL {
            for link in [
                method.link(&common, &grid()),
                link_scales(&common, method, &grid()).map(|found| found.link),
                find_drift(&common, method, &grid()).map(|found| found.link),
            ].into_iter().flatten() {
                prop_assert!(link.slope > 0.0 && link.slope.is_finite(), "{method:?} {link:?}");
                prop_assert!(link.intercept.is_finite(), "{method:?} {link:?}");
            }
        }
    }

    #[test]
    fn links_there_and_back_are_inverse(truth in transforms(), item in items(1)) {
        let back = truth.inverse().item(truth.item(item[0]));
        prop_assert!((back.discrimination - item[0].discrimination).abs() < 1e-12);
        prop_assert!((back.difficulty - item[0].difficulty).abs() < 1e-12);
        let ability = truth.ability(0.7);
        let distance = item[0].probability(0.7) - truth.item(item[0]).probability(ability);
        prop_assert!(distance.abs() < 1e-14);
    }
}
