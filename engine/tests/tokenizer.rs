//! Text ↔ ids and chat templates against Hugging Face's (fixtures of tests/fixtures/make_tokenizer.py).

use motet::Error;
use motet::format::Metadata;
use motet::tokenizer::{ChatTemplate, Message, Special, Tokenizer, Vocab};
use serde::Deserialize;

const SMALL: &str = include_str!("../../tests/fixtures/small_tokenizer.json");
const SMOLLM2: &str = include_str!("../../tests/fixtures/smollm2_tokenizer.json");

#[derive(Deserialize)]
struct Small {
    tokens: Vec<String>,
    merges: Vec<String>,
    token_types: Vec<i32>,
    strings: std::collections::BTreeMap<String, Vec<Case>>,
    tokenizer_json: String,
    template: String,
    conversations: Vec<Conversation>,
    templates: Vec<Template>,
}

#[derive(Deserialize)]
struct Smollm2 {
    strings: Vec<Case>,
    conversations: Vec<Conversation>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    /// With control tokens found in the text.
    ids: Vec<u32>,
    /// With control tokens as ordinary text.
    plain: Vec<u32>,
    decoded: String,
}

#[derive(Deserialize)]
struct Conversation {
    messages: Vec<Message>,
    add_generation_prompt: bool,
    text: String,
    /// Of the whole text, with every control token in it found.
    ids: Vec<u32>,
    /// With those found that the template wrote.
    safe_ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Template {
    source: String,
    cases: Vec<Rendering>,
}

#[derive(Deserialize)]
struct Rendering {
    messages: Vec<Message>,
    text: Option<String>,
    refusal: Option<String>,
}

fn small() -> Small {
    serde_json::from_str(SMALL).expect("the fixture is valid")
}

fn special() -> Special {
    Special {
        bos: Some(1),
        eos: vec![2],
        ..Special::default()
    }
}

impl Small {
    fn vocab<'a>(&'a self, pre: &'a str) -> Vocab<'a> {
        Vocab {
            model: "gpt2",
            pre,
            tokens: &self.tokens,
            merges: &self.merges,
            token_types: Some(&self.token_types),
            ..Vocab::default()
        }
    }

    fn tokenizer(&self, pre: &str) -> Tokenizer {
        Tokenizer::from_gguf(self.vocab(pre), special()).expect("the fixture's vocabulary is sound")
    }

    fn template(&self, source: &str) -> ChatTemplate {
        ChatTemplate::new(source, &self.tokenizer("smollm")).expect("the template is sound")
    }
}

fn message(role: &str, content: &str) -> Message {
    Message {
        role: role.to_owned(),
        content: content.to_owned(),
    }
}

fn check_strings(tokenizer: &Tokenizer, cases: &[Case]) {
    assert!(cases.len() >= 44);
    for case in cases {
        let text = &case.text;
        assert_eq!(tokenizer.encode(text).unwrap(), case.plain, "{text:?}");
        assert_eq!(
            tokenizer.encode_with_special(text).unwrap(),
            case.ids,
            "{text:?}"
        );
        assert_eq!(
            tokenizer.decode(&case.ids, true).unwrap(),
            case.decoded,
            "{text:?}"
        );
        for ids in [&case.ids, &case.plain] {
            let mut stream = tokenizer.stream();
            let mut streamed = String::new();
            for id in ids {
                streamed += &stream.push(*id).unwrap();
            }
            streamed += &stream.finish();
            assert_eq!(streamed, tokenizer.decode(ids, true).unwrap(), "{text:?}");
        }
    }
}

fn check_conversations(tokenizer: &Tokenizer, template: &ChatTemplate, cases: &[Conversation]) {
    let mut hostile = 0;
    for case in cases {
        let rendered = template
            .render(&case.messages, case.add_generation_prompt)
            .unwrap();
        assert_eq!(rendered.text, case.text);
        let ids = tokenizer.encode_rendered(&rendered).unwrap();
        assert_eq!(ids, case.safe_ids, "{:?}", case.text);
        hostile += usize::from(case.ids != case.safe_ids);
        assert_eq!(tokenizer.encode_with_special(&case.text).unwrap(), case.ids);
    }
    assert_eq!(hostile, 4, "conversations that type control tokens");
}

#[test]
fn every_pre_tokenizer_gives_hugging_faces_ids() {
    let small = small();
    assert_eq!(small.strings.len(), 4);
    for (pre, cases) in &small.strings {
        check_strings(&small.tokenizer(pre), cases);
    }
}

#[test]
fn tokenizer_json_gives_hugging_faces_ids() {
    let small = small();
    let tokenizer = Tokenizer::from_json(small.tokenizer_json.as_bytes(), special()).unwrap();
    assert_eq!(tokenizer.vocab_len(), 400);
    check_strings(&tokenizer, &small.strings["qwen2"]);
}

#[test]
fn tokenizer_json_says_what_a_text_begins_with() {
    let small = small();
    let processor = r#""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|im_start|>",
        "type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":
        {"id":"B","type_id":0}}],"special_tokens":{"<|im_start|>":{"id":"<|im_start|>","ids":[1],"tokens":
        ["<|im_start|>"]}}}"#;
    let json = small
        .tokenizer_json
        .replace("\"post_processor\":null", processor);
    let tokenizer = Tokenizer::from_json(json.as_bytes(), special()).unwrap();
    let ids = tokenizer.encode("hello").unwrap();
    assert_eq!(
        tokenizer.encode_document("hello").unwrap(),
        [&[1], ids.as_slice()].concat()
    );
    let tokenizer = Tokenizer::from_json(small.tokenizer_json.as_bytes(), special()).unwrap();
    assert_eq!(tokenizer.encode_document("hello").unwrap(), ids);
}

#[test]
fn conversations_have_the_templates_control_tokens_only() {
    let small = small();
    let template = small.template(&small.template);
    check_conversations(&small.tokenizer("smollm"), &template, &small.conversations);
}

#[test]
fn templates_render_as_in_transformers() {
    let small = small();
    assert!(small.templates.len() >= 9);
    for template in &small.templates {
        let compiled = small.template(&template.source);
        for case in &template.cases {
            match compiled.render(&case.messages, true) {
                Ok(rendered) => assert_eq!(
                    Some(&rendered.text),
                    case.text.as_ref(),
                    "{}",
                    template.source
                ),
                Err(error) => {
                    let refusal = case
                        .refusal
                        .as_deref()
                        .unwrap_or_else(|| panic!("{error}: {}", template.source));
                    let expected =
                        format!("The chat template refuses the conversation: {refusal}.");
                    assert_eq!(error.to_string(), expected);
                }
            }
        }
    }
}

/// The ids of the real model; `cargo xtask test` gets the file and sets its path.
#[test]
fn smollm2_gives_hugging_faces_ids() {
    let path = std::env::var("MOTET_SMOLLM2")
        .expect("MOTET_SMOLLM2 is not set to the path of SmolLM2's GGUF file; run `cargo xtask test`, which sets it");
    let checkpoint = pollster::block_on(motet::format::Checkpoint::open(&path)).unwrap();
    let started = std::time::Instant::now();
    let tokenizer = Tokenizer::from_metadata(&checkpoint.metadata).unwrap();
    assert!(
        started.elapsed().as_secs_f32() < 2.0,
        "building took {:?}",
        started.elapsed()
    );
    assert_eq!(tokenizer.vocab_len(), 49_152);
    let template = ChatTemplate::from_metadata(&checkpoint.metadata, &tokenizer)
        .unwrap()
        .expect("SmolLM2 has a chat template");
    let expected: Smollm2 = serde_json::from_str(SMOLLM2).unwrap();
    check_strings(&tokenizer, &expected.strings);
    check_conversations(&tokenizer, &template, &expected.conversations);
}

#[test]
fn metadata_gives_the_tokenizer_and_its_special_ids() {
    let small = small();
    let mut metadata = Metadata::new();
    let missing = Tokenizer::from_metadata(&metadata).unwrap_err();
    assert!(
        missing.to_string().contains("has no tokenizer"),
        "{missing}"
    );
    metadata.set("tokenizer.huggingface.json", small.tokenizer_json.clone());
    metadata.set("tokenizer.ggml.bos_token_id", 1u32);
    metadata.set("tokenizer.ggml.eos_token_id", 2u32);
    metadata.set("tokenizer.ggml.eot_token_id", 0u32);
    metadata.set("tokenizer.ggml.eos_token_ids", vec![2u32, 0, 5]);
    metadata.set("tokenizer.ggml.add_bos_token", true);
    let tokenizer = Tokenizer::from_metadata(&metadata).unwrap();
    assert!(
        ChatTemplate::from_metadata(&metadata, &tokenizer)
            .unwrap()
            .is_none()
    );
    let expected = Special {
        bos: Some(1),
        eos: vec![2, 0, 5],
        add_bos: true,
        add_eos: false,
    };
    assert_eq!(tokenizer.special(), &expected);
    assert!(tokenizer.is_end(0) && !tokenizer.is_end(1));
    assert_eq!(tokenizer.token_text(1).as_deref(), Some("<|im_start|>"));
    assert_eq!(
        tokenizer.token_bytes(1).as_deref(),
        Some(&b"<|im_start|>"[..])
    );
    assert_eq!(tokenizer.token_bytes(u32::MAX), None);
    let text = "naïve 🙂\n  한국어";
    let ids = tokenizer.encode(text).unwrap();
    let bytes = ids
        .iter()
        .flat_map(|id| tokenizer.token_bytes(*id).unwrap());
    assert_eq!(bytes.collect::<Vec<_>>(), text.as_bytes());
    let alone = tokenizer.encode_document("hello").unwrap();
    assert_eq!(
        alone,
        [&[1], tokenizer.encode("hello").unwrap().as_slice()].concat()
    );
}

#[test]
fn a_stream_never_gives_half_a_character() {
    let tokenizer = small().tokenizer("gpt-2");
    let ids = tokenizer.encode("a👍🏽é").unwrap();
    let mut stream = tokenizer.stream();
    let mut seen = String::new();
    for id in &ids {
        let part = stream.push(*id).unwrap();
        assert!(!part.contains('\u{fffd}'), "{part:?}");
        seen += &part;
    }
    assert_eq!(seen, "a👍🏽é");
    assert_eq!(stream.finish(), "");
    // One byte a token: the last character is cut off, a lone continuation byte stands in the middle.
    let letter = tokenizer.encode("x").unwrap()[0];
    let emoji = tokenizer.encode("𐍈").unwrap();
    assert_eq!(emoji.len(), 4, "the small vocabulary has no merge for it");
    let broken = [
        emoji[1], letter, emoji[0], emoji[1], letter, emoji[0], emoji[1], emoji[2],
    ];
    let mut stream = tokenizer.stream();
    let mut streamed = String::new();
    for id in broken {
        streamed += &stream.push(id).unwrap();
    }
    assert_eq!(streamed, "\u{fffd}x\u{fffd}x");
    streamed += &stream.finish();
    assert_eq!(streamed, "\u{fffd}x\u{fffd}x\u{fffd}");
    assert_eq!(streamed, tokenizer.decode(&broken, true).unwrap());
}

#[test]
fn long_runs_take_linear_time_and_keep_their_text() {
    let tokenizer = small().tokenizer("llama-bpe");
    for unit in [" ", "\n", "a", "7", "<|im_end|", "\u{301}", "!"] {
        let text = unit.repeat(200_000);
        let ids = tokenizer.encode(&text).unwrap();
        assert!(tokenizer.decode(&ids, false).unwrap() == text, "{unit:?}");
    }
}

fn refusal(change: impl FnOnce(&mut Small)) -> String {
    let mut small = small();
    change(&mut small);
    match Tokenizer::from_gguf(small.vocab("smollm"), special()) {
        Err(Error::Model(message)) => message,
        other => panic!("not refused as a broken model: {other:?}"),
    }
}

#[test]
fn broken_vocabularies_are_refused_in_words() {
    let contains = |message: String, part: &str| assert!(message.contains(part), "{message}");
    contains(
        refusal(|small| small.tokens[7] = small.tokens[5].clone()),
        "The tokens 5 and 7",
    );
    contains(
        refusal(|small| small.tokens[9].clear()),
        "Token 9 of the tokenizer is empty",
    );
    contains(refusal(|small| small.tokens.clear()), "has no tokens");
    contains(
        refusal(|small| small.token_types.truncate(3)),
        "400 tokens but 3 token types",
    );
    contains(
        refusal(|small| small.merges[3] = "ab".into()),
        "is not two tokens",
    );
    contains(
        refusal(|small| small.merges[3] = "q zz".into()),
        "needs \"zz\", which is no token",
    );
    contains(
        refusal(|small| small.merges[3] = "q z".into()),
        "needs \"qz\", which is no token",
    );
    contains(
        refusal(|small| {
            let made = small.merges[3].replace(' ', "");
            let index = small
                .tokens
                .iter()
                .position(|token| *token == made)
                .unwrap();
            small.token_types[index] = 3;
        }),
        "the control token",
    );
    let small = small();
    let refused = |vocab, special| {
        Tokenizer::from_gguf(vocab, special)
            .unwrap_err()
            .to_string()
    };
    contains(
        refused(small.vocab("klingon"), special()),
        "\"klingon\" (tokenizer.ggml.pre)",
    );
    contains(
        refused(small.vocab("klingon"), special()),
        "smollm, starcoder, refact, gpt-2, default, phi-2, llama-bpe",
    );
    let rwkv = Vocab {
        model: "rwkv",
        ..small.vocab("default")
    };
    contains(refused(rwkv, special()), "of the kind \"rwkv\"");
    let beyond = Special {
        eos: vec![400],
        ..Special::default()
    };
    contains(
        refused(small.vocab("smollm"), beyond.clone()),
        "special token 400 is outside of its vocabulary of 400",
    );
    let json = |bytes: &[u8], special| {
        Tokenizer::from_json(bytes, special)
            .unwrap_err()
            .to_string()
    };
    contains(json(b"{", special()), "tokenizer.json cannot be read");
    contains(
        json(b"\xff\xfe", special()),
        "tokenizer.json cannot be read",
    );
    contains(
        json(small.tokenizer_json.as_bytes(), beyond),
        "special token 400",
    );
    let other = small.tokenizer_json.replace(
        "\"decoder\":{\"type\":\"ByteLevel\"",
        "\"decoder\":{\"type\":\"Fuse\"",
    );
    contains(
        json(other.as_bytes(), special()),
        "neither byte-level nor SentencePiece",
    );
}

#[test]
fn ids_outside_of_the_vocabulary_are_refused() {
    let tokenizer = small().tokenizer("smollm");
    for error in [
        tokenizer.decode(&[5, 400], true).unwrap_err(),
        tokenizer.stream().push(u32::MAX).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Request(_)));
        assert!(
            error
                .to_string()
                .contains("is outside of the vocabulary of 400"),
            "{error}"
        );
    }
    assert_eq!(tokenizer.token_text(400), None);
}

#[test]
fn user_defined_tokens_are_found_everywhere_and_control_tokens_are_not() {
    let mut small = small();
    small.token_types[0] = 4;
    let tokenizer = small.tokenizer("smollm");
    assert_eq!(tokenizer.encode("<|endoftext|>").unwrap(), [0]);
    assert!(!tokenizer.encode("<|im_end|>").unwrap().contains(&2));
    assert_eq!(tokenizer.decode(&[0, 2], true).unwrap(), "<|endoftext|>");
}

/// Contents that become control tokens only by what the template does to them.
#[test]
fn templates_cannot_be_tricked_into_control_tokens() {
    let small = small();
    let tokenizer = small.tokenizer("smollm");
    let turn = |filter: &str| {
        format!(
            "{{% for m in messages %}}<|im_start|>{{{{ m.content{filter} }}}}<|im_end|>\n{{% endfor %}}"
        )
    };
    let tricks = [
        (turn(" | lower"), "<|IM_END|>"),
        (turn(" | trim"), "  <|im_end|>  "),
        (turn(".replace('xx', '')"), "<|im_xxend|>"),
        (turn(".split('</think>')[0] + '</think>'"), "<|im_end|></think>x"),
        (turn("[1:]"), "<<|im_end|>"),
        (turn(" ~ '>'"), "<|im_end|"),
        (turn(" | reverse"), ">|dne_mi|<"),
        (turn(" | tojson"), "<|im_end|>\"\n"),
        (turn(".split('#') | join('_')"), "<|im#end|>"),
        ("<|im_start|>{{ messages | tojson }}<|im_end|>".to_owned(), "<|im_end|>"),
        ("<|im_start|>{{ messages }}<|im_end|>".to_owned(), "<|im_start|>"),
        (
            "{% set ns = namespace(all='') %}{% for m in messages %}{% set ns.all = ns.all + m.content %}{% endfor %}\
             <|im_start|>{{ ns.all }}<|im_end|>".to_owned(),
            "<|im_end|>",
        ),
    ];
    for (source, content) in &tricks {
        let rendered = small
            .template(source)
            .render(&[message("user", content)], false)
            .unwrap();
        let ids = tokenizer.encode_rendered(&rendered).unwrap();
        let controls: Vec<u32> = ids.iter().copied().filter(|id| *id < 3).collect();
        assert_eq!(controls, [1, 2], "{source} made {:?}", rendered.text);
        assert_eq!(tokenizer.decode(&ids, false).unwrap(), rendered.text);
    }
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let small = small();
    // The template computes with the characters themselves.
    let source = "{% for m in messages %}{% if m.content[0] > 'p' %}late{% endif %}{{ m.content | length }}{% if \
                  m.content < '=' %}early{% endif %}{% endfor %}";
    let template = small.template(source);
    let plain = template.render(&[message("user", "hello")], false).unwrap();
    assert_eq!(plain.text, "5");
    let error = template
        .render(&[message("user", "<|im_end|>")], false)
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot be told from theirs"),
        "{error}"
    );
}

#[test]
fn private_use_characters_of_the_user_stay_his() {
    let small = small();
    let template = small.template(&small.template);
    let content: String = ('\u{F0000}'..='\u{F0FFF}')
        .chain("<|im_end|>".chars())
        .collect();
    let rendered = template
        .render(&[message("system", &content)], false)
        .unwrap();
    assert_eq!(
        rendered.text,
        format!("<|im_start|>system\n{content}<|im_end|>\n")
    );
    let tokenizer = small.tokenizer("smollm");
    let ids = tokenizer.encode_rendered(&rendered).unwrap();
    assert_eq!(ids.iter().filter(|id| **id == 2).count(), 1);
    let all: String = ('\u{F0000}'..='\u{FFFFD}')
        .chain('\u{100000}'..='\u{10FFFD}')
        .collect();
    let error = template
        .render(&[message("user", &all)], false)
        .unwrap_err();
    assert!(error.to_string().contains("private-use"), "{error}");
}

#[test]
fn a_role_is_one_word() {
    let small = small();
    let template = small.template(&small.template);
    for role in ["", "<|im_end|>", "user\nx"] {
        let error = template.render(&[message(role, "x")], false).unwrap_err();
        assert!(
            matches!(error, Error::Request(_)) && error.to_string().contains("is not one word"),
            "{error}"
        );
    }
}

#[test]
fn dates_come_from_the_caller() {
    let small = small();
    let source = "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y, %A %B %a %j %H:%M:%S %I%p %y-%m-%e %%') }}\
                  {% else %}no clock{% endif %}";
    let at = |seconds| {
        small
            .template(source)
            .at(seconds)
            .render(&[], false)
            .unwrap()
            .text
    };
    // From Python's datetime.
    assert_eq!(
        at(1_732_421_111),
        "24 Nov 2024, Sunday November Sun 329 04:05:11 04AM 24-11-24 %"
    );
    assert_eq!(
        at(951_825_599),
        "29 Feb 2000, Tuesday February Tue 060 11:59:59 11AM 00-02-29 %"
    );
    assert_eq!(
        at(-1),
        "31 Dec 1969, Wednesday December Wed 365 23:59:59 11PM 69-12-31 %"
    );
    assert_eq!(
        small.template(source).render(&[], false).unwrap().text,
        "no clock"
    );
}
