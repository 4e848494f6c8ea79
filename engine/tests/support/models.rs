//! The tiny models of tests/fixtures/models and what Hugging Face makes of them.

use super::open::folder;
use motet::sample::Sampling;
use motet::session::Session;

/// A prompt and the logits of all its positions.
pub struct Expected {
    pub prompt: Vec<u32>,
    pub logits: Vec<f32>,
}

pub fn u32s(json: &serde_json::Value) -> Vec<u32> {
    serde_json::from_value(json.clone()).expect("a list of ids")
}

pub fn json(case: &str, name: &str) -> serde_json::Value {
    let text =
        std::fs::read(folder(case).join(format!("{name}.json"))).expect("the fixture is there");
    serde_json::from_slice(&text).expect("the fixture is JSON")
}

pub fn lengths(case: &str, references: &str) -> Vec<Expected> {
    let bytes = std::fs::read(folder(case).join(format!("{references}.safetensors")))
        .expect("the fixture is there");
    let tensors =
        safetensors::SafeTensors::deserialize(&bytes).expect("the fixture is safetensors");
    let json = json(case, references);
    ["1", "7", "33", "150"]
        .map(|length| {
            let logits = tensors.tensor(&format!("logits_{length}")).expect("logits");
            Expected {
                prompt: u32s(&json["prompts"][length]),
                logits: bytemuck::pod_collect_to_vec(logits.data()),
            }
        })
        .into()
}

/// The logits of every position.
pub async fn logits(session: &mut Session, ids: &[u32]) -> Vec<f32> {
    let mut all = Vec::new();
    let each = |position: usize, row: &[f32]| {
        assert_eq!(position * row.len(), all.len());
        all.extend_from_slice(row);
    };
    session
        .logits(ids, each)
        .await
        .expect("logits are computed");
    all
}

/// `n` greedy ids, up to `ahead` steps ahead of what is read.
pub async fn greedy(session: &mut Session, prompt: &[u32], n: usize, ahead: usize) -> Vec<u32> {
    session
        .prompt(prompt, &Sampling::default(), false)
        .expect("the prompt is taken");
    let mut ids = Vec::new();
    while ids.len() < n {
        while session.in_flight() < ahead && ids.len() + session.in_flight() < n {
            session.step().expect("a step is taken");
        }
        ids.push(session.next().await.expect("an id comes"));
    }
    ids
}
