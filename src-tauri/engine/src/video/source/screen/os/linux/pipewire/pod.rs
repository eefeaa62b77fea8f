//! SPA's values, in which PipeWire says what a stream is like: those that a stream of pictures needs. Pure.
//!
//! Each is its length and its type, four bytes each, then its bytes, filled up to a multiple of eight. Numbers are in the
//! machine's own order, because they never leave it.

/// What is longer than this is not read: a format is about 200 bytes.
pub const MOST_BYTES: usize = 16 * 1024;

/// Bytes before each value.
pub const HEADER: usize = 8;

/// Values begin at multiples of this.
const ALIGNMENT: usize = 8;

const ID: u32 = 3;
const INT: u32 = 4;
const RECTANGLE: u32 = 10;
const FRACTION: u32 = 11;
const OBJECT: u32 = 15;
const CHOICE: u32 = 19;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// One of an enumeration.
    Id(u32),
    /// A number, or a set of bits.
    Int(i32),
    /// Width and height.
    Rectangle(u32, u32),
    /// Numerator and denominator.
    Fraction(u32, u32),
}

/// One value, or what the other side may choose from.
#[derive(Clone, Debug)]
pub enum Choice {
    /// This and nothing else.
    Only(Value),
    /// One of these, the first rather than the others.
    OneOf(Vec<Value>),
    /// The first rather than others, from the second to the third.
    Between(Value, Value, Value),
    /// Whichever of these bits.
    AnyBits(Value),
}

/// An object, to be handed to the library: its words keep it at a multiple of eight.
#[derive(Debug)]
pub struct Pod(Vec<u64>);

impl Pod {
    /// An object of this type, for this purpose, with these properties.
    pub fn object(kind: u32, purpose: u32, properties: &[(u32, Choice)]) -> Self {
        let mut body = words(&[kind, purpose]);
        for (key, choice) in properties {
            body.extend(words(&[*key, 0]));
            put_choice(&mut body, choice);
        }
        let mut bytes = Vec::new();
        put(&mut bytes, OBJECT, &body);
        let (words, _) = bytes.as_chunks::<ALIGNMENT>();
        Self(words.iter().map(|word| u64::from_ne_bytes(*word)).collect())
    }

    /// Where it begins.
    pub fn as_ptr(&self) -> *const u64 {
        self.0.as_ptr()
    }

    /// As the library would read it.
    #[cfg(test)]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// A value with this body, filled up.
fn put(bytes: &mut Vec<u8>, kind: u32, body: &[u8]) {
    bytes.extend(words(&[body.len() as u32, kind]));
    bytes.extend(body);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}

fn put_choice(bytes: &mut Vec<u8>, choice: &Choice) {
    let (kind, values) = match choice {
        Choice::Only(value) => {
            let (kind, body) = value.parts();
            return put(bytes, kind, &body);
        }
        Choice::Between(usual, least, most) => (1, vec![*usual, *least, *most]),
        // What is meant at first stands before the list, and in it.
        Choice::OneOf(values) => (
            3,
            values.first().into_iter().chain(values).copied().collect(),
        ),
        Choice::AnyBits(value) => (4, vec![*value]),
    };
    let parts: Vec<_> = values.iter().map(Value::parts).collect();
    let Some((of, first)) = parts.first() else {
        return;
    };
    let mut body = words(&[kind, 0, first.len() as u32, *of]);
    body.extend(parts.iter().flat_map(|(_, body)| body));
    put(bytes, CHOICE, &body);
}

impl Value {
    /// Its type and its bytes.
    fn parts(&self) -> (u32, Vec<u8>) {
        match *self {
            Self::Id(id) => (ID, words(&[id])),
            Self::Int(number) => (INT, number.to_ne_bytes().to_vec()),
            Self::Rectangle(width, height) => (RECTANGLE, words(&[width, height])),
            Self::Fraction(numerator, denominator) => (FRACTION, words(&[numerator, denominator])),
        }
    }

    fn read(kind: u32, body: &[u8]) -> Option<Self> {
        let first = word(body, 0)?;
        match kind {
            ID => Some(Self::Id(first)),
            INT => Some(Self::Int(first.cast_signed())),
            RECTANGLE => Some(Self::Rectangle(first, word(body, 4)?)),
            FRACTION => Some(Self::Fraction(first, word(body, 4)?)),
            // Of a choice the value that is meant.
            CHOICE => match word(body, 12)? {
                CHOICE => None,
                kind => Self::read(kind, body.get(16..)?),
            },
            _ => None,
        }
    }
}

/// An object that the other side made: nothing in it is trusted.
pub struct Object<'a> {
    /// Its type.
    pub kind: u32,
    properties: &'a [u8],
}

impl<'a> Object<'a> {
    /// None when it is no object, or longer than what is there.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (kind, body, _) = split(bytes)?;
        (kind == OBJECT).then_some(())?;
        Some(Self {
            kind: word(body, 0)?,
            properties: body.get(HEADER..)?,
        })
    }

    /// The value of a property; none when it has none, or one of another type than those here.
    pub fn get(&self, key: u32) -> Option<Value> {
        let mut rest = self.properties;
        loop {
            let (found, value) = (word(rest, 0)?, rest.get(8..)?);
            let (kind, body, after) = split(value)?;
            if found == key {
                return Value::read(kind, body);
            }
            rest = after;
        }
    }
}

/// The type and the bytes of the value that comes first, and what follows it.
fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (length, kind) = (word(bytes, 0)? as usize, word(bytes, 4)?);
    let end = HEADER.checked_add(length)?;
    let body = bytes.get(HEADER..end)?;
    let after = end.checked_next_multiple_of(ALIGNMENT)?;
    Some((kind, body, bytes.get(after..).unwrap_or_default()))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Pod {
        let properties = [
            (1, Choice::Only(Value::Id(2))),
            (7, Choice::OneOf(vec![Value::Id(8), Value::Id(12)])),
            (
                9,
                Choice::Between(
                    Value::Rectangle(1920, 1080),
                    Value::Rectangle(1, 1),
                    Value::Rectangle(4096, 4096),
                ),
            ),
            (11, Choice::AnyBits(Value::Int(6))),
        ];
        Pod::object(0x40003, 3, &properties)
    }

    #[test]
    fn an_object_is_laid_out_as_the_library_lays_it_out() {
        // As libspa's spa_pod_builder wrote the same object (0.3.65, on a machine with the smaller end first).
        let expected: Vec<u32> = vec![
            176, 15, 0x40003, 3, // the object
            1, 0, 4, 3, 2, 0, // an id, and what fills it up
            7, 0, 28, 19, 3, 0, 4, 3, 8, 8, 12, 0, // a choice of ids
            9, 0, 40, 19, 1, 0, 8, 10, 1920, 1080, 1, 1, 4096, 4096, // a range
            11, 0, 20, 19, 4, 0, 4, 4, 6, 0, // bits
        ];
        assert_eq!(example().bytes(), words(&expected));
    }

    #[test]
    fn what_is_written_is_read_back_as_what_is_meant_at_first() {
        let bytes = example().bytes();
        let object = Object::read(&bytes).unwrap();
        assert_eq!(object.kind, 0x40003);
        assert_eq!(object.get(1), Some(Value::Id(2)));
        assert_eq!(object.get(7), Some(Value::Id(8)));
        assert_eq!(object.get(9), Some(Value::Rectangle(1920, 1080)));
        assert_eq!(object.get(11), Some(Value::Int(6)));
        assert_eq!(object.get(2), None);
    }

    #[test]
    fn what_is_cut_short_or_nests_is_nothing() {
        let bytes = example().bytes();
        for end in 0..bytes.len() {
            assert!(Object::read(&bytes[..end]).is_none(), "{end}");
        }
        let nested = [40, CHOICE, 0, 0, 24, CHOICE, 0, 0, 4, CHOICE, 0, 0];
        let mut object = words(&[56, OBJECT, 1, 1, 5, 0]);
        object.extend(words(&nested));
        object.resize(64, 0);
        assert_eq!(Object::read(&object).unwrap().get(5), None);
        let endless = words(&[24, OBJECT, 1, 1, 5, 0, u32::MAX, ID]);
        assert_eq!(Object::read(&endless).unwrap().get(5), None);
    }
}
