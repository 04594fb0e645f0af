//! Keys of persons and items that were chosen to be slow: they collide, or look different and are equal.
//!
//! Comparisons are counted, not timed.

use crate::common::{rows, value};
use crate::hash_index::{HashIndex, KeyedHash};
use crate::small_keys::{SmallKey, SmallKeys};
use crate::{expected, with_answers};
use std::cell::Cell;

const KEYS: u64 = 1_000_000;

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// Compares two keys, and counts it.
fn compare<K: PartialEq>(one: &K, other: &K) -> bool {
    COMPARED.set(COMPARED.get() + 1);
    assert!(COMPARED.get() < 10 * KEYS, "{} keys, and too many comparisons", KEYS);
    one == other
}

/// A key whose comparisons are counted.
#[derive(Clone, Copy)]
struct Counted<K>(K);

impl<K: PartialEq> PartialEq for Counted<K> {
    fn eq(&self, other: &Self) -> bool {
        compare(&self.0, &other.0)
    }
}

impl<K: Eq> Eq for Counted<K> {}

impl<K: SmallKey> SmallKey for Counted<K> {
    fn hash(self, hash: &KeyedHash) -> u64 {
        self.0.hash(hash)
    }
}

/// Numbers `keys` twice, and asserts that few of them were compared.
fn assert_linear<K: SmallKey>(keys: impl Iterator<Item = K> + Clone) {
    let mut numbered = SmallKeys::new();
    for (expected, key) in (0..).zip(keys.clone()) {
        assert_eq!(numbered.number(Counted(key), "keys").unwrap(), expected);
    }
    numbered.drop_index();
    numbered.rebuild_index().unwrap();
    for (expected, key) in (0..).zip(keys) {
        assert_eq!(numbered.number(Counted(key), "keys").unwrap(), expected);
    }
}

#[test]
fn integers_cannot_be_chosen_to_collide() {
    assert_linear((0..KEYS).map(|k| integer_of_the_old_hash(k).cast_signed()));
}

#[test]
fn uuids_cannot_be_chosen_to_collide() {
    assert_linear((0..KEYS).map(bytes_of_the_old_hash));
}

/// As texts are numbered: by an index that stores no key.
#[test]
fn texts_cannot_be_chosen_to_collide() {
    let keys: Vec<[u8; 16]> = (0..KEYS).map(bytes_of_the_old_hash).collect();
    let mut index = HashIndex::new();
    for (expected, key) in (0..).zip(&keys) {
        let hash = index.hash.of_bytes(key);
        assert_eq!(index.find(hash, |number| compare(&keys[number as usize], key)), None);
        assert_eq!(index.insert(hash, "keys").unwrap(), expected);
    }
    index.drop_table();
    index.rebuild_table().unwrap();
    for (expected, key) in (0..).zip(&keys) {
        let hash = index.hash.of_bytes(key);
        let found = index.find(hash, |number| compare(&keys[number as usize], key));
        assert_eq!(found, Some(expected));
    }
}

/// Two readings hash a key alike only by chance.
#[test]
fn every_reading_hashes_in_its_own_way() {
    let (one, other) = (KeyedHash::random(), KeyedHash::random());
    assert_ne!(one.seed(), other.seed());
    assert!((0..1000).all(|key| one.of_integer(key) != other.of_integer(key)));
    assert!(
        (0..200).all(|length| one.of_bytes(&vec![7; length]) != other.of_bytes(&vec![7; length]))
    );
}

/// Until 0.2.0 integers were hashed by the finalizer of MurmurHash3, of which 32 bits were used. It
/// can be undone: these keys differ in the other 32 bits only.
fn integer_of_the_old_hash(k: u64) -> u64 {
    let unshift = |h: u64| h ^ (h >> 33);
    let h = unshift(k << 32 | 7);
    let h = unshift(h.wrapping_mul(inverse(0xc4ce_b9fe_1a85_ec53)));
    unshift(h.wrapping_mul(inverse(0xff51_afd7_ed55_8ccd)))
}

/// And bytes eight at a time, without a key: the second eight can undo what the first did.
fn bytes_of_the_old_hash(k: u64) -> [u8; 16] {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let state = (16u64.rotate_left(5) ^ k).wrapping_mul(MULTIPLIER);
    let second = state.rotate_left(5) ^ 7;
    let mut key = [0; 16];
    key[..8].copy_from_slice(&k.to_le_bytes());
    key[8..].copy_from_slice(&second.to_le_bytes());
    key
}

/// What an odd number is multiplied with to become 1 (Newton's method, modulo 2^64).
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |x, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x))))
}

/// A type whose plain hash is always 0, and whose hash with a seed is a good one. Its equality tells.
const BADGES: &str = "
    CREATE TYPE badge;
    CREATE FUNCTION badge_in(cstring) RETURNS badge LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
    CREATE FUNCTION badge_out(badge) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
    CREATE TYPE badge (INPUT = badge_in, OUTPUT = badge_out, LIKE = bigint);
    CREATE CAST (bigint AS badge) WITHOUT FUNCTION;
    CREATE CAST (badge AS bigint) WITHOUT FUNCTION;
    CREATE FUNCTION same(badge, badge) RETURNS boolean LANGUAGE plpgsql AS
        'BEGIN RAISE LOG ''compared''; RETURN $1::bigint = $2::bigint; END';
    CREATE FUNCTION hash(badge) RETURNS int LANGUAGE sql AS 'SELECT 0';
    CREATE FUNCTION hash(badge, bigint) RETURNS bigint LANGUAGE sql AS
        'SELECT hashint8extended($1::bigint, $2)';
    CREATE OPERATOR === (LEFTARG = badge, RIGHTARG = badge, FUNCTION = same);
    CREATE OPERATOR CLASS badges DEFAULT FOR TYPE badge USING hash AS
        OPERATOR 1 ===, FUNCTION 1 hash(badge), FUNCTION 2 hash(badge, bigint);
    CREATE TABLE badged AS SELECT person::bigint::badge AS person, item, correct FROM answers";

#[test]
fn a_types_hash_is_asked_with_a_seed() {
    let (cluster, mut client) = with_answers("");
    client.batch_execute(BADGES).unwrap();
    let expected = expected(&mut client);
    let fit = "SELECT string_agg(format('%s %s %s', item, difficulty, discrimination), ', ' ORDER BY item)
               FROM irt_fit_2pl('SELECT person, item, correct FROM badged',
                                standard_errors => 'none', min_responses_per_item => 50)";
    assert_eq!(value(&mut client, fit).unwrap(), expected);
    // 120 persons with 5 answers each: four of five are compared, with the one that they equal. A
    // few more are compared by chance: the table keeps seven bits of a hash, and the seed is random.
    let compared = cluster.log().matches("LOG:  compared").count();
    assert!(
        (480..2_000).contains(&compared),
        "{compared} comparisons; {} if all collide",
        120 * 300
    );
}

/// One item that looks different in every row, and is written as its bytewise smallest image.
#[test]
fn a_key_may_have_as_many_images_as_rows() {
    let (_cluster, mut client) = with_answers("");
    client
        .batch_execute(
            "CREATE TABLE imaged AS
             SELECT person, CASE item WHEN 1 THEN ('1.' || repeat('0', 121 - person))::numeric
                                      ELSE item END AS item, correct FROM answers",
        )
        .unwrap();
    let items = "SELECT item FROM irt_fit_2pl('SELECT person, item, correct FROM imaged',
                     standard_errors => 'none', min_responses_per_item => 50) ORDER BY item";
    let found: Vec<_> = rows(&mut client, items).into_iter().flatten().flatten().collect();
    assert_eq!(found, ["1.0", "2", "3", "4", "5"]);
}
