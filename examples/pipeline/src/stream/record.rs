//! One record on disk: a header of 32 bytes that begins with a CRC-32, then the payload.
//!
//! ```text
//! 0      4      8          16           24                       32
//! | crc  | len  | sequence | appended   | producer 16, ordinal 48 | payload ... |
//! ```
//! Integers are little-endian. The checksum covers everything behind it, so a flipped bit in the length, in the
//! sequence number or in the text is noticed alike.

use std::fmt;

/// Bytes in front of every payload.
pub(crate) const HEADER_LEN: usize = 32;
/// The longest payload, as Kinesis has it: 1 MiB.
pub(crate) const MAX_PAYLOAD: usize = 1 << 20;

const ORDINAL_BITS: u32 = 48;

/// Which producer made a record, and the how-manieth of its records it is.
///
/// A consumer that sees a producer's ordinals rise knows that no two records of one key changed places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) producer: u16,
    pub(crate) ordinal: u64,
}

impl Origin {
    fn pack(self) -> u64 {
        u64::from(self.producer) << ORDINAL_BITS | self.ordinal & ((1 << ORDINAL_BITS) - 1)
    }

    fn unpack(packed: u64) -> Self {
        Self { producer: (packed >> ORDINAL_BITS) as u16, ordinal: packed & ((1 << ORDINAL_BITS) - 1) }
    }
}

/// A record as it was read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// Position in its shard, from 0 and without gaps.
    pub(crate) sequence: u64,
    /// When it was appended, in microseconds since the stream was made.
    pub(crate) appended_us: u64,
    pub(crate) origin: Origin,
    pub(crate) payload: &'a [u8],
}

impl Record<'_> {
    /// Appends the record to `out` as a frame.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&(self.payload.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.appended_us.to_le_bytes());
        out.extend_from_slice(&self.origin.pack().to_le_bytes());
        out.extend_from_slice(self.payload);
        let crc = crc32fast::hash(&out[start + 4..]);
        out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
    }
}

/// Length of the frame that `bytes` begins with; `Torn` when it is not whole.
pub(crate) fn frame_len(bytes: &[u8]) -> Result<usize, FrameError> {
    let Some(header) = bytes.first_chunk::<HEADER_LEN>() else {
        return Err(FrameError::Torn { needs: HEADER_LEN, has: bytes.len() });
    };
    let payload = u32_at(header, 4) as usize;
    if payload > MAX_PAYLOAD {
        return Err(FrameError::TooLong(payload));
    }
    let needs = HEADER_LEN + payload;
    if bytes.len() < needs {
        return Err(FrameError::Torn { needs, has: bytes.len() });
    }
    Ok(needs)
}

/// Reads the frame that `bytes` begins with and verifies its checksum.
pub(crate) fn decode(bytes: &[u8]) -> Result<Record<'_>, FrameError> {
    let frame = &bytes[..frame_len(bytes)?];
    let stored = u32_at(frame, 0);
    let computed = crc32fast::hash(&frame[4..]);
    if stored != computed {
        return Err(FrameError::Checksum { stored, computed });
    }
    Ok(Record {
        sequence: u64_at(frame, 8),
        appended_us: u64_at(frame, 16),
        origin: Origin::unpack(u64_at(frame, 24)),
        payload: &frame[HEADER_LEN..],
    })
}

/// The append time of a whole frame, before anybody has verified it.
pub(crate) fn appended_us(frame: &[u8]) -> u64 {
    u64_at(frame, 16)
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The bytes end before the frame does: a write that was cut off.
    Torn { needs: usize, has: usize },
    /// The length is beyond what any writer would have written.
    TooLong(usize),
    /// The bytes changed after they were written.
    Checksum { stored: u32, computed: u32 },
}

impl FrameError {
    /// The value of the label `error_type`.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::Torn { .. } => "TornRecord",
            Self::TooLong(_) => "RecordTooLong",
            Self::Checksum { .. } => "ChecksumMismatch",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { needs, has } => write!(f, "torn record: it needs {needs} bytes, {has} are there"),
            Self::TooLong(len) => {
                write!(f, "a record claims {len} bytes, more than the {MAX_PAYLOAD} allowed")
            }
            Self::Checksum { stored, computed } => {
                write!(f, "checksum mismatch: stored {stored:08x}, computed {computed:08x}")
            }
        }
    }
}

impl std::error::Error for FrameError {}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let origin = Origin { producer: 513, ordinal: 0xABCD_EF01_2345 };
        let mut frame = Vec::new();
        Record { sequence: 7, appended_us: 99, origin, payload: b"one line of text" }.encode(&mut frame);
        frame
    }

    #[test]
    fn a_record_survives_the_round_trip() {
        let frame = sample();
        let record = decode(&frame).unwrap();
        assert_eq!((record.sequence, record.appended_us, record.payload), (7, 99, &b"one line of text"[..]));
        assert_eq!(record.origin, Origin { producer: 513, ordinal: 0xABCD_EF01_2345 });
        assert_eq!((frame_len(&frame), appended_us(&frame)), (Ok(frame.len()), 99));
    }

    #[test]
    fn every_single_flipped_bit_is_detected() {
        let frame = sample();
        for bit in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&damaged).is_err(), "bit {bit} was flipped and nobody noticed");
        }
    }

    #[test]
    fn every_cut_is_a_torn_record() {
        let frame = sample();
        for len in 0..frame.len() {
            assert!(matches!(decode(&frame[..len]), Err(FrameError::Torn { has, .. }) if has == len));
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_not_waited_for() {
        let mut frame = sample();
        frame[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(decode(&frame), Err(FrameError::TooLong(u32::MAX as usize)));
    }
}
