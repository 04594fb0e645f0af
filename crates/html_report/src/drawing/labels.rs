//! Numbers beside points, where there is room for them.

/// Height of a line of letters, in the picture's units.
pub const LETTER_HEIGHT: f64 = 13.0;
/// Width of a digit.
const LETTER_WIDTH: f64 = 8.0;
/// From a point to its label.
const GAP: f64 = 7.0;
/// Half of a labelled point's height.
const POINT: f64 = 4.0;

/// A short text that belongs to a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The point, in the units of the axes.
    pub at: (f64, f64),
    /// A few letters.
    pub text: String,
}

/// A rectangle: left, top, right, bottom.
type Room = (f64, f64, f64, f64);

/// The middle of each label's baseline, where it touches neither the edge nor another label; `None`
/// where there is no such place.
pub fn place(points: &[((f64, f64), &str)], inside: Room) -> Vec<Option<(f64, f64)>> {
    let mut taken: Vec<Room> = points.iter().map(|((x, y), _)| around(*x, *y)).collect();
    points
        .iter()
        .map(|(point, text)| {
            let width = LETTER_WIDTH * text.chars().count() as f64;
            let found = candidates(*point, width).into_iter().find(|(_, room)| {
                is_inside(*room, inside) && !taken.iter().any(|other| meet(*room, *other))
            })?;
            taken.push(found.1);
            Some(found.0)
        })
        .collect()
}

/// The room that a labelled point takes itself.
fn around(x: f64, y: f64) -> Room {
    (x - POINT, y - POINT, x + POINT, y + POINT)
}

/// Places around a point, the best first, each with the room that the label takes there.
fn candidates((x, y): (f64, f64), width: f64) -> Vec<((f64, f64), Room)> {
    let (across, down) = (GAP + width / 2.0, GAP + LETTER_HEIGHT / 2.0);
    let near = [(0.0, -1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (1.0, -1.0), (-1.0, -1.0)];
    let corners = [(1.0, 1.0), (-1.0, 1.0)];
    let places = near.into_iter().chain(corners).chain(near.map(|(dx, dy)| (2.0 * dx, 2.0 * dy)));
    places
        .map(|(dx, dy)| {
            let (middle, centre) = (x + dx * across, y + dy * down);
            let (left, top) = (middle - width / 2.0, centre - LETTER_HEIGHT / 2.0);
            let room = (left, top, left + width, top + LETTER_HEIGHT);
            ((middle, centre + LETTER_HEIGHT * 0.35), room)
        })
        .collect()
}

fn is_inside(room: Room, around: Room) -> bool {
    room.0 >= around.0 && room.1 >= around.1 && room.2 <= around.2 && room.3 <= around.3
}

fn meet(one: Room, other: Room) -> bool {
    one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_touch_neither_each_other_nor_the_edge() {
        let inside = (0.0, 0.0, 100.0, 100.0);
        let points: Vec<((f64, f64), &str)> =
            (0..40).map(|i| ((f64::from(i % 5) * 20.0 + 10.0, 50.0), "12")).collect();
        let placed = place(&points, inside);
        let rooms: Vec<Room> =
            placed.iter().flatten().map(|(x, y)| (x - 8.0, y - 11.05, x + 8.0, y + 1.95)).collect();
        assert!(rooms.len() >= 8, "{} were placed", rooms.len());
        assert!(rooms.len() < points.len(), "there is no room for all");
        for (number, room) in rooms.iter().enumerate() {
            assert!(room.0 >= -0.01 && room.2 <= 100.01, "{room:?}");
            let small = (room.0 + 0.01, room.1 + 0.01, room.2 - 0.01, room.3 - 0.01);
            assert!(!rooms[..number].iter().any(|other| meet(small, *other)), "{room:?}");
        }
    }
}
