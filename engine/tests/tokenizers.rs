//! Text ↔ ids of every kind of tokenizer, from GGUF and from tokenizer.json, against Hugging Face's (fixtures of
//! tests/fixtures/make_tokenizers.py).

use std::path::PathBuf;

use motet::format::{Checkpoint, Metadata, Value};
use motet::tokenizer::{Special, Tokenizer};
use serde::Deserialize;

/// Cases and whether GGUF can say them.
const CASES: [(&str, bool); 22] = [
    ("byte-level-smollm", true),
    ("byte-level-gpt-2", true),
    ("byte-level-llama-bpe", true),
    ("byte-level-qwen2", true),
    ("byte-level-qwen35", true),
    ("byte-level-dbrx", true),
    ("byte-level-olmo", true),
    ("byte-level-command-r", true),
    ("byte-level-deepseek-llm", true),
    ("byte-level-deepseek-coder", true),
    ("byte-level-deepseek-v3", true),
    ("byte-level-gpt-4o", true),
    ("byte-level-tekken", true),
    ("byte-level-minicpm5", true),
    ("llama", true),
    ("phi3", true),
    ("no-prefix", true),
    ("first", false),
    ("flags", false),
    ("gemma", true),
    ("unigram", true),
    ("t5", true),
];

#[derive(Deserialize)]
struct Case {
    vocabulary: String,
    metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// Control tokens as ordinary text give these ids from tokenizer.json as well.
    json_plain: bool,
    pipeline: serde_json::Map<String, serde_json::Value>,
    strings: Vec<Text>,
    decodes: Vec<Decode>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    /// With control tokens found in the text.
    ids: Vec<u32>,
    /// With control tokens as ordinary text; as `ids` if absent.
    plain: Option<Vec<u32>>,
    decoded: String,
}

#[derive(Deserialize)]
struct Decode {
    ids: Vec<u32>,
    all: String,
    /// Without control tokens.
    text: String,
}

fn path(name: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/tokenizers");
    PathBuf::from(root).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn metadata(name: &str) -> Metadata {
    let path = path(&format!("{name}.gguf"));
    let path = path.to_str().expect("the path is text");
    pollster::block_on(Checkpoint::open(path))
        .expect("the file is sound")
        .metadata
}

impl Case {
    fn read(name: &str) -> Self {
        serde_json::from_str(&read(&format!("{name}.json"))).expect("the fixture is valid")
    }

    fn gguf(&self) -> Option<Tokenizer> {
        let changes = self.metadata.as_ref()?;
        let name = self.vocabulary.strip_suffix("-ignore");
        let mut metadata = metadata(name.unwrap_or(&self.vocabulary));
        for (key, value) in changes {
            match value {
                serde_json::Value::Bool(value) => metadata.set(key, *value),
                serde_json::Value::String(value) => metadata.set(key, value.clone()),
                other => panic!("{other}"),
            }
        }
        Some(Tokenizer::from_metadata(&metadata).unwrap())
    }

    fn tokenizer_json(&self) -> Vec<u8> {
        let mut file = self.pipeline.clone();
        let model = serde_json::from_str(&read(&format!("{}.model.json", self.vocabulary)));
        file.insert("model".to_owned(), model.expect("the fixture is valid"));
        serde_json::to_vec(&file).expect("JSON can be written")
    }

    fn json(&self) -> Tokenizer {
        Tokenizer::from_json(&self.tokenizer_json(), Special::default()).unwrap()
    }

    fn check(&self, tokenizer: &Tokenizer, plain: bool, label: &str) {
        assert!(self.strings.len() >= 80);
        for case in &self.strings {
            let text = &case.text;
            let ids = tokenizer.encode_with_special(text).unwrap();
            assert_eq!(ids, case.ids, "{label}: {text:?}");
            if plain {
                let expected = case.plain.as_ref().unwrap_or(&case.ids);
                let ids = tokenizer.encode(text).unwrap();
                assert_eq!(&ids, expected, "{label}, plain: {text:?}");
            }
            assert_eq!(
                tokenizer.decode(&case.ids, true).unwrap(),
                case.decoded,
                "{label}: {text:?}"
            );
            assert_eq!(
                streamed(tokenizer, &case.ids),
                case.decoded,
                "{label}: {text:?}"
            );
        }
        for Decode { ids, all, text } in &self.decodes {
            assert_eq!(
                &tokenizer.decode(ids, false).unwrap(),
                all,
                "{label}: {ids:?}"
            );
            assert_eq!(
                &tokenizer.decode(ids, true).unwrap(),
                text,
                "{label}: {ids:?}"
            );
            assert_eq!(&streamed(tokenizer, ids), text, "{label}: {ids:?}");
        }
    }
}

fn streamed(tokenizer: &Tokenizer, ids: &[u32]) -> String {
    let mut stream = tokenizer.stream();
    let mut text = String::new();
    for id in ids {
        text += &stream.push(*id).unwrap();
    }
    text + &stream.finish()
}

#[test]
fn gguf_gives_hugging_faces_ids_and_texts() {
    for (name, gguf) in CASES {
        let case = Case::read(name);
        let tokenizer = case.gguf();
        assert_eq!(tokenizer.is_some(), gguf, "{name}");
        if let Some(tokenizer) = tokenizer {
            case.check(&tokenizer, true, name);
        }
    }
}

#[test]
fn tokenizer_json_gives_hugging_faces_ids_and_texts() {
    for (name, _) in CASES {
        let case = Case::read(name);
        case.check(&case.json(), case.json_plain, name);
    }
}

/// A tokenizer.json may have merges that make a control token of plain text; the text is then split, not refused.
#[test]
fn ordinary_text_never_becomes_a_control_token() {
    for name in ["llama", "unigram", "t5", "flags"] {
        let case = Case::read(name);
        let tokenizer = case.json();
        for text in ["<s>", "a</s>b", "<s></s><unk>", "<|end|>"] {
            let ids = tokenizer.encode(text).unwrap();
            let controls = ids.iter().filter(|id| (1..6).contains(*id)).count();
            assert_eq!(controls, 0, "{name}: {text:?} became {ids:?}");
        }
    }
}

#[test]
fn long_texts_take_linear_time() {
    for name in [
        "llama",
        "gemma",
        "unigram",
        "byte-level-gpt-4o",
        "byte-level-deepseek-llm",
    ] {
        let tokenizer = Case::read(name).gguf().unwrap();
        for unit in [" ", "\n", "a", "7", "<s>", "가", "e\u{301}", "=", "the "] {
            let text = unit.repeat(50_000);
            let ids = tokenizer.encode(&text).unwrap();
            assert!(
                tokenizer.decode(&ids, false).unwrap() == text,
                "{name}: {unit:?}"
            );
        }
    }
}

#[test]
fn a_stream_of_pieces_never_gives_half_a_character() {
    let tokenizer = Case::read("llama").gguf().unwrap();
    let ids = tokenizer.encode("𒀀b 👨‍👩‍👧 c").unwrap();
    let mut stream = tokenizer.stream();
    let mut parts = Vec::new();
    for id in &ids {
        parts.push(stream.push(*id).unwrap());
    }
    parts.push(stream.finish());
    assert!(
        parts.iter().all(|part| !part.contains('\u{fffd}')),
        "{parts:?}"
    );
    assert_eq!(parts.concat(), "𒀀b 👨‍👩‍👧 c");
}

fn special(name: &str, change: impl FnOnce(&mut Metadata)) -> Special {
    let mut metadata = metadata(name);
    change(&mut metadata);
    Tokenizer::from_metadata(&metadata)
        .unwrap()
        .special()
        .clone()
}

#[test]
fn what_begins_and_ends_a_text_follows_the_kind() {
    let expected = |bos, eos: &[u32], add_bos, add_eos| Special {
        bos,
        eos: eos.to_vec(),
        add_bos,
        add_eos,
    };
    // `<|end|>` is 5.
    assert_eq!(
        special("llama", |_| {}),
        expected(Some(1), &[2, 5], true, false)
    );
    let off = |metadata: &mut Metadata| metadata.set("tokenizer.ggml.add_bos_token", false);
    assert_eq!(
        special("llama", off),
        expected(Some(1), &[2, 5], false, false)
    );
    assert_eq!(
        special("gemma", |_| {}),
        expected(Some(2), &[1, 5], true, false)
    );
    assert_eq!(special("t5", |_| {}), expected(Some(1), &[2], false, true));
    assert_eq!(
        special("byte-level", pre("gpt-2")),
        expected(Some(1), &[2, 0], false, false)
    );
    assert_eq!(
        special("byte-level", pre("llama-bpe")),
        expected(Some(1), &[2, 0], true, false)
    );
}

#[derive(Deserialize)]
struct Document {
    case: String,
    post_processor: serde_json::Value,
    bos: u32,
    eos: u32,
    text: String,
    ids: Vec<u32>,
}

/// What AutoTokenizer makes of a text, whatever tokenizer_config.json says of add_bos_token and add_eos_token.
#[test]
fn the_post_processor_alone_says_what_a_text_begins_and_ends_with() {
    let documents: Vec<Document> =
        serde_json::from_str(&read("documents.json")).expect("the fixture is valid");
    assert_eq!(documents.len(), 35);
    for Document {
        case,
        post_processor,
        bos,
        eos,
        text,
        ids,
    } in documents
    {
        let what = format!("{case}, {post_processor}");
        let mut case = Case::read(&case);
        case.pipeline
            .insert("post_processor".to_owned(), post_processor);
        // As config.json says, and where it says nothing or something else.
        for (said_bos, said_eos) in [
            (Some(bos), vec![eos]),
            (None, vec![]),
            (Some(7), vec![9, eos]),
        ] {
            let special = Special {
                bos: said_bos,
                eos: said_eos,
                ..Special::default()
            };
            let tokenizer = Tokenizer::from_json(&case.tokenizer_json(), special).unwrap();
            assert_eq!(tokenizer.encode_document(&text).unwrap(), ids, "{what}");
        }
    }
}

#[test]
fn two_tokens_before_a_text_are_refused() {
    let mut case = Case::read("llama");
    let token = |id: &str| serde_json::json!({ "SpecialToken": { "id": id, "type_id": 0 } });
    let text = serde_json::json!({ "Sequence": { "id": "A", "type_id": 0 } });
    let of =
        |id: u32, token: &str| serde_json::json!({ "id": token, "ids": [id], "tokens": [token] });
    let processor = serde_json::json!({
        "type": "TemplateProcessing",
        "single": [token("<s>"), token("</s>"), text],
        "pair": [text, { "Sequence": { "id": "B", "type_id": 1 } }],
        "special_tokens": { "<s>": of(1, "<s>"), "</s>": of(2, "</s>") },
    });
    case.pipeline.insert("post_processor".to_owned(), processor);
    let error = Tokenizer::from_json(&case.tokenizer_json(), Special::default()).unwrap_err();
    assert!(error.to_string().contains("more than one token"), "{error}");
}

fn pre(name: &'static str) -> impl FnOnce(&mut Metadata) {
    move |metadata| metadata.set("tokenizer.ggml.pre", name.to_owned())
}

fn refusal(name: &str, change: impl FnOnce(&mut Metadata)) -> String {
    let mut metadata = metadata(name);
    change(&mut metadata);
    Tokenizer::from_metadata(&metadata).unwrap_err().to_string()
}

#[test]
fn broken_vocabularies_are_refused_in_words() {
    let contains = |message: String, part: &str| assert!(message.contains(part), "{message}");
    let scores =
        |values: Vec<f32>| move |it: &mut Metadata| it.set("tokenizer.ggml.scores", values);
    contains(refusal("llama", scores(vec![0.0])), "but 1 scores");
    let count = match metadata("llama").get("tokenizer.ggml.scores") {
        Some(Value::Array(scores)) => scores.len(),
        other => panic!("{other:?}"),
    };
    contains(
        refusal("llama", scores(vec![f32::NAN; count])),
        "a score is no number",
    );
    contains(
        refusal("t5", |it| {
            it.set("tokenizer.ggml.precompiled_charsmap", vec![0u32])
        }),
        "precompiled_charsmap",
    );
    contains(
        refusal("byte-level", |it| {
            it.set("tokenizer.ggml.model", "rwkv".to_owned())
        }),
        "of the kind \"rwkv\"",
    );
    contains(
        refusal("byte-level", pre("klingon")),
        "\"klingon\" (tokenizer.ggml.pre)",
    );
    contains(
        refusal("llama", |it| {
            let Some(Value::Array(motet::format::Array::Str(tokens))) =
                it.get("tokenizer.ggml.tokens")
            else {
                panic!()
            };
            let mut tokens = tokens.clone();
            let byte = tokens.iter().position(|token| token == "<0x41>").unwrap();
            tokens[byte] = "<0x-1>".to_owned();
            it.set("tokenizer.ggml.tokens", tokens);
        }),
        "is a byte but spelled",
    );
}
