//! Cuts a MessagePack buffer into tokens, never looking past its end.

use rmp::Marker;

use super::MAX_REFINEMENTS;
use crate::plugin::wire::Problem;

/// One token: a whole scalar, or the head of a collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    /// An integer that may exceed 63 bits.
    Uint(u64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// The number of elements that follow.
    Array(usize),
    /// The number of pairs that follow.
    Map(usize),
    /// Any extension: all of them stand for unknown values.
    Unknown,
}

impl Token<'_> {
    /// What it is, in words.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Unknown => "an unknown value",
        }
    }
}

/// What is left of the buffer.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next token.
    pub(super) fn token(&mut self) -> Result<Token<'a>, Problem> {
        let [marker] = self.take()?;
        match Marker::from_u8(marker) {
            Marker::Null => Ok(Token::Nil),
            Marker::True => Ok(Token::Bool(true)),
            Marker::False => Ok(Token::Bool(false)),
            Marker::Reserved => Err(Problem::Reserved),
            other => self.number(other).or_else(|| self.bytes(other)).unwrap_or_else(|| self.collection(other)),
        }
    }

    fn number(&mut self, marker: Marker) -> Option<Result<Token<'a>, Problem>> {
        Some(match marker {
            Marker::FixPos(int) => Ok(Token::Int(int.into())),
            Marker::FixNeg(int) => Ok(Token::Int(int.into())),
            Marker::U8 => self.take().map(|bytes| Token::Int(u8::from_be_bytes(bytes).into())),
            Marker::U16 => self.take().map(|bytes| Token::Int(u16::from_be_bytes(bytes).into())),
            Marker::U32 => self.take().map(|bytes| Token::Int(u32::from_be_bytes(bytes).into())),
            Marker::U64 => self.take().map(|bytes| Token::Uint(u64::from_be_bytes(bytes))),
            Marker::I8 => self.take().map(|bytes| Token::Int(i8::from_be_bytes(bytes).into())),
            Marker::I16 => self.take().map(|bytes| Token::Int(i16::from_be_bytes(bytes).into())),
            Marker::I32 => self.take().map(|bytes| Token::Int(i32::from_be_bytes(bytes).into())),
            Marker::I64 => self.take().map(|bytes| Token::Int(i64::from_be_bytes(bytes))),
            Marker::F32 => self.take().map(|bytes| Token::Float(f32::from_be_bytes(bytes).into())),
            Marker::F64 => self.take().map(|bytes| Token::Float(f64::from_be_bytes(bytes))),
            _ => return None,
        })
    }

    fn bytes(&mut self, marker: Marker) -> Option<Result<Token<'a>, Problem>> {
        Some(match marker {
            Marker::FixStr(length) => self.text(usize::from(length)),
            Marker::Str8 => self.length8().and_then(|length| self.text(length)),
            Marker::Str16 => self.length16().and_then(|length| self.text(length)),
            Marker::Str32 => self.length32().and_then(|length| self.text(length)),
            Marker::Bin8 => self.length8().and_then(|length| self.cut(length)).map(Token::Bytes),
            Marker::Bin16 => self.length16().and_then(|length| self.cut(length)).map(Token::Bytes),
            Marker::Bin32 => self.length32().and_then(|length| self.cut(length)).map(Token::Bytes),
            Marker::FixExt1 => self.extension(1),
            Marker::FixExt2 => self.extension(2),
            Marker::FixExt4 => self.extension(4),
            Marker::FixExt8 => self.extension(8),
            Marker::FixExt16 => self.extension(16),
            Marker::Ext8 => self.length8().and_then(|length| self.extension(length)),
            Marker::Ext16 => self.length16().and_then(|length| self.extension(length)),
            Marker::Ext32 => self.length32().and_then(|length| self.extension(length)),
            _ => return None,
        })
    }

    fn collection(&mut self, marker: Marker) -> Result<Token<'a>, Problem> {
        match marker {
            Marker::FixArray(length) => Ok(Token::Array(length.into())),
            Marker::Array16 => self.length16().map(Token::Array),
            Marker::Array32 => self.length32().map(Token::Array),
            Marker::FixMap(length) => Ok(Token::Map(length.into())),
            Marker::Map16 => self.length16().map(Token::Map),
            Marker::Map32 => self.length32().map(Token::Map),
            _ => Err(Problem::Reserved),
        }
    }

    fn text(&mut self, length: usize) -> Result<Token<'a>, Problem> {
        self.cut(length).and_then(utf8).map(Token::Text)
    }

    /// The type code and payload of an extension, read and dropped.
    fn extension(&mut self, length: usize) -> Result<Token<'a>, Problem> {
        if length > MAX_REFINEMENTS {
            return Err(Problem::Refinements(length));
        }
        self.cut(1 + length).map(|_| Token::Unknown)
    }

    fn length8(&mut self) -> Result<usize, Problem> {
        self.take().map(|bytes| usize::from(u8::from_be_bytes(bytes)))
    }

    fn length16(&mut self) -> Result<usize, Problem> {
        self.take().map(|bytes| usize::from(u16::from_be_bytes(bytes)))
    }

    fn length32(&mut self) -> Result<usize, Problem> {
        self.take().map(|bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    fn cut(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(head)
    }
}

/// Text from bytes.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|_| Problem::NoText)
}
