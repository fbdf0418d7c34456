//! Our codec against go-cty, the library in which Terraform holds its values: both must read the same in the same bytes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::thread;

use berth::plugin::wire::{UnknownKeys, json, msgpack, types};
use berth::sdk::{Type, Value};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::helpers::helper;
use crate::values::{Parts, typed_value};

const VALUES: usize = 4000;
const SEEDS: [&str; 2] = ["1", "20261121"];

#[derive(Serialize)]
struct Question {
    #[serde(rename = "type")]
    ty: Json,
    msgpack: String,
    json: String,
    other: String,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "type")]
    ty: Json,
    msgpack: String,
    json: String,
    same: bool,
    error: String,
}

#[test]
#[ignore = "needs the helpers"]
fn go_cty_reads_our_messagepack_and_we_read_it_back() {
    let values = made(Parts::Any);
    let questions = values.iter().map(|(ty, value)| Question {
        ty: json_of(ty),
        msgpack: hex(&msgpack::encode(value, ty).unwrap()),
        json: String::new(),
        other: String::new(),
    });
    let answers = ask(questions.collect());
    for ((ty, value), answer) in values.iter().zip(answers) {
        assert_eq!(answer.error, "", "{ty:?} {value:?}");
        assert_eq!(msgpack::decode(&bytes(&answer.msgpack), ty).as_ref(), Ok(value), "{ty:?} {}", answer.msgpack);
    }
}

#[test]
#[ignore = "needs the helpers"]
fn go_cty_reads_our_json_and_we_read_it_back() {
    let values = made(Parts::InJson);
    let questions = values.iter().map(|(ty, value)| Question {
        ty: json_of(ty),
        msgpack: String::new(),
        json: String::from_utf8(json::encode(value, ty).unwrap()).unwrap(),
        other: hex(&msgpack::encode(value, ty).unwrap()),
    });
    let answers = ask(questions.collect());
    for ((ty, value), answer) in values.iter().zip(answers) {
        assert_eq!(answer.error, "", "{ty:?} {value:?}");
        assert!(answer.same, "our JSON and MessagePack differ for {ty:?} {value:?}");
        let back = json::decode(answer.json.as_bytes(), ty, UnknownKeys::Refuse);
        assert_eq!(back.as_ref(), Ok(value), "{ty:?} {}", answer.json);
    }
}

#[test]
#[ignore = "needs the helpers"]
fn we_read_the_values_of_go_cty_and_it_reads_them_back() {
    let theirs: Vec<Answer> = SEEDS.iter().flat_map(|seed| made_by_go(seed)).collect();
    let values: Vec<(Type, Value)> = theirs.iter().map(decoded).collect();
    let questions = theirs.iter().zip(&values).map(|(their, (ty, value))| Question {
        ty: their.ty.clone(),
        msgpack: hex(&msgpack::encode(value, ty).unwrap()),
        json: String::new(),
        other: their.msgpack.clone(),
    });
    for (their, answer) in theirs.iter().zip(ask(questions.collect())) {
        assert_eq!(answer.error, "", "{} {}", their.ty, their.msgpack);
        assert!(answer.same, "{} {} became {}", their.ty, their.msgpack, answer.msgpack);
    }
}

/// Both encodings of a value of go-cty's, read and found equal.
fn decoded(their: &Answer) -> (Type, Value) {
    let ty = types::from_json(their.ty.to_string().as_bytes()).unwrap();
    let value = msgpack::decode(&bytes(&their.msgpack), &ty).unwrap_or_else(|e| panic!("{e}: {}", their.msgpack));
    if !their.json.is_empty() {
        let from_json = json::decode(their.json.as_bytes(), &ty, UnknownKeys::Refuse);
        assert_eq!(from_json.as_ref(), Ok(&value), "{}", their.json);
    }
    (ty, value)
}

/// The same values in every run.
fn made(parts: Parts) -> Vec<(Type, Value)> {
    let mut runner = TestRunner::deterministic();
    let values = typed_value(parts);
    (0..VALUES).map(|_| values.new_tree(&mut runner).unwrap().current()).collect()
}

fn made_by_go(seed: &str) -> Vec<Answer> {
    let count = VALUES.to_string();
    let output = helper("cty").args(["generate", seed, &count]).output().unwrap();
    let answers = answers(&output);
    assert_eq!(answers.len(), VALUES);
    answers
}

fn ask(questions: Vec<Question>) -> Vec<Answer> {
    let mut child = helper("cty").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let asked = questions.len();
    let writer = thread::spawn(move || {
        for question in questions {
            writeln!(stdin, "{}", serde_json::to_string(&question).unwrap()).unwrap();
        }
    });
    let answers = answers(&child.wait_with_output().unwrap());
    writer.join().unwrap();
    assert_eq!(answers.len(), asked);
    answers
}

fn answers(output: &Output) -> Vec<Answer> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn json_of(ty: &Type) -> Json {
    serde_json::from_slice(&types::to_json(ty)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
